//! Damage by the thousand, and a real package to the last bit.

use std::path::Path;

use lambda_slim::archive::{Archive, Limits, Method};
use lambda_slim::deflate::{Bits, Effort, compress, cost_per_range, to_bytes};
use lambda_slim::units::ByteSize;

use crate::raw::{Raw, parse, zip};
use crate::written::skipped;

/// Numbers that look random and are the same each time.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// One small piece of damage: a bit, a byte, an extreme number, a cut, a piece copied or dropped.
    fn damage(&mut self, data: &mut Vec<u8>) {
        if data.is_empty() {
            return;
        }
        let at = self.below(data.len());
        match self.below(7) {
            0 => data[at] ^= 1 << self.below(8),
            1 => data[at] = self.below(256) as u8,
            2 | 3 => {
                let number = [0u32, 1, 0xffff, 0x7fff_ffff, 0xffff_fffe, u32::MAX][self.below(6)];
                for (byte, value) in data[at..].iter_mut().zip(number.to_le_bytes()) {
                    *byte = value;
                }
            }
            4 => data.truncate(at),
            5 => {
                let end = data.len().min(at + 1 + self.below(40));
                let piece = data[at..end].to_vec();
                let to = self.below(data.len());
                data.splice(to..to, piece);
            }
            _ => {
                let end = data.len().min(at + 1 + self.below(40));
                data.drain(at..end);
            }
        }
    }
}

fn damaged(seed: &[u8], rounds: u64, mut judge: impl FnMut(&[u8])) {
    for round in 1..=rounds {
        let mut random = Seeded(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut data = seed.to_vec();
        for _ in 0..=random.below(3) {
            random.damage(&mut data);
        }
        judge(&data);
    }
}

#[test]
fn damaged_zips_give_an_answer_that_keeps_the_laws() {
    let zips = [
        zip(&[Raw::deflated("bootstrap", &[7; 1000]), Raw::stored("b/c", b"hello"), Raw::link("b/d", "../b/c")]),
        crate::written::package_of(400),
    ];
    let mut limits = Limits::default();
    limits.unpacked_size = ByteSize::new(1 << 20);
    let (mut accepted, mut refused) = (0, 0);
    for seed in zips {
        damaged(&seed, 20_000, |data| {
            let Ok(archive) = Archive::parse(data, &limits) else {
                refused += 1;
                return;
            };
            accepted += 1;
            let compressed: ByteSize = archive.entries().iter().map(|entry| entry.compressed_size()).sum();
            assert_eq!(compressed + archive.overhead(), ByteSize::of(data));
            for entry in archive.entries() {
                if let Ok(contents) = entry.read() {
                    assert_eq!(ByteSize::of(&contents), entry.uncompressed_size());
                }
            }
        });
    }
    assert!(
        accepted > 1000 && refused > 1000,
        "{accepted} accepted, {refused} refused: the damage is too mild or too hard"
    );
}

#[test]
fn damaged_streams_give_an_answer_that_keeps_the_laws() {
    let data: Vec<u8> = (0..3000u32).flat_map(|i| (i * i / 50).to_le_bytes()).collect();
    let size = data.len() as u64;
    let mut accepted = 0;
    damaged(&compress(&data, Effort::Default), 20_000, |stream| {
        if let Ok(costs) = cost_per_range(stream, &[size / 3, size / 2, size]) {
            accepted += 1;
            assert_eq!(costs.into_iter().sum::<Bits>(), Bits::of_bytes(ByteSize::of(stream)));
        }
    });
    assert!(accepted > 10, "{accepted} accepted: the damage is too hard");
}

#[test]
fn a_real_package_is_accounted_for_to_the_last_bit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/hello-cargo-lambda.zip");
    let Ok(zip) = std::fs::read(&path) else {
        return skipped(&format!("no {}", path.display()));
    };
    let archive = parse(&zip).unwrap();
    for entry in archive.entries().iter().filter(|entry| entry.method() == Method::Deflate) {
        let size = entry.read().unwrap().len() as u64;
        let ends: Vec<u64> = (0..size).step_by(777).skip(1).chain([size]).collect();
        let costs = cost_per_range(entry.compressed(), &ends).unwrap();
        assert_eq!(costs.iter().copied().sum::<Bits>(), Bits::of_bytes(entry.compressed_size()));
        let bytes = to_bytes(&costs, entry.compressed_size());
        assert_eq!(bytes.into_iter().sum::<ByteSize>(), entry.compressed_size());
    }
}
