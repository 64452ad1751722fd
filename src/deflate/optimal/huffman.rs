//! Optimal prefix codes with a limit on their length.

use super::format::MAX_CODE_BITS;

/// Lengths of an optimal code for `counts`, none above `limit`: 0 where the count is 0. A single symbol gets one bit.
///
/// Huffman's method; where its code is too long, package-merge (Larmore and Hirschberg 1990).
pub(super) fn code_lengths(counts: &[u32], limit: usize, lengths: &mut [u8]) {
    lengths.fill(0);
    let used = counts.iter().zip(0u32..).filter(|&(&count, _)| count > 0);
    let mut sorted: Vec<u64> = used.map(|(&count, symbol)| u64::from(count) << 32 | u64::from(symbol)).collect();
    sorted.sort_unstable();
    let symbol = |entry: u64| (entry & 0xffff_ffff) as usize;
    if let [single] = sorted[..] {
        lengths[symbol(single)] = 1;
        return;
    }
    let weights: Vec<u64> = sorted.iter().map(|&entry| entry >> 32).collect();
    let mut bits = depths(&weights);
    if bits.first().is_some_and(|&longest| usize::from(longest) > limit) {
        bits = package_merge(&weights, limit);
    }
    for (&entry, bits) in sorted.iter().zip(bits) {
        lengths[symbol(entry)] = bits;
    }
}

/// Depth of each leaf in the Huffman tree of ascending weights, by two queues. Depths descend.
fn depths(weights: &[u64]) -> Vec<u8> {
    let leaves = weights.len();
    let mut inner: Vec<u64> = Vec::with_capacity(leaves);
    // Parents, as numbers of inner nodes, of the leaves and then of the inner nodes.
    let mut parents = vec![0; 2 * leaves];
    let (mut leaf, mut node) = (0, 0);
    while leaf + node < leaves + inner.len() - usize::from(!inner.is_empty()) && inner.len() + 1 < leaves {
        let mut weight = 0;
        for _ in 0..2 {
            let of_leaf = weights.get(leaf);
            let of_node = inner.get(node);
            match (of_leaf, of_node) {
                (Some(&light), of_node) if of_node.is_none_or(|&other| light <= other) => {
                    weight += light;
                    parents[leaf] = inner.len();
                    leaf += 1;
                }
                (_, Some(&light)) => {
                    weight += light;
                    parents[leaves + node] = inner.len();
                    node += 1;
                }
                _ => unreachable!("n leaves make n - 1 pairs"),
            }
        }
        inner.push(weight);
    }
    let mut depth = vec![0u8; inner.len()];
    for node in (0..inner.len().saturating_sub(1)).rev() {
        depth[node] = depth[parents[leaves + node]] + 1;
    }
    parents[..leaves].iter().map(|&parent| depth.get(parent).map_or(0, |&depth| depth + 1)).collect()
}

/// Lengths for ascending weights, none above `limit`, where 2^`limit` symbols are enough for all.
fn package_merge(weights: &[u64], limit: usize) -> Vec<u8> {
    debug_assert!(limit <= MAX_CODE_BITS && weights.len() <= 1 << limit);
    // Of each level from the deepest up: is the item a leaf?
    let mut levels: Vec<Vec<bool>> = Vec::with_capacity(limit);
    let mut packages: Vec<u64> = vec![];
    for _ in 0..limit {
        let mut level = Vec::with_capacity(weights.len() + packages.len());
        let mut merged = Vec::with_capacity(level.capacity());
        let (mut leaves, mut pairs) = (weights.iter().peekable(), packages.iter().peekable());
        loop {
            let leaf_first = match (leaves.peek(), pairs.peek()) {
                (Some(leaf), Some(pair)) => leaf <= pair,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            level.push(leaf_first);
            merged.extend(if leaf_first { leaves.next() } else { pairs.next() });
        }
        packages = merged.chunks_exact(2).map(|pair| pair.iter().sum()).collect();
        levels.push(level);
    }
    let mut lengths = vec![0u8; weights.len()];
    let mut taken = 2 * weights.len() - 2;
    for level in levels.iter().rev() {
        let leaves = level[..taken].iter().filter(|&&leaf| leaf).count();
        lengths[..leaves].iter_mut().for_each(|length| *length += 1);
        taken = 2 * (taken - leaves);
    }
    lengths
}

/// The canonical code of each length (RFC 1951, 3.2.2), its bits in the order in which they are written.
pub(super) fn codes(lengths: &[u8]) -> Vec<u16> {
    let mut counts = [0u16; MAX_CODE_BITS + 2];
    lengths.iter().filter(|&&bits| bits > 0).for_each(|&bits| counts[usize::from(bits) + 1] += 1);
    let mut next = [0u16; MAX_CODE_BITS + 2];
    let mut code = 0;
    for (next, &shorter) in next.iter_mut().zip(&counts).skip(1) {
        code = (code + shorter) << 1;
        *next = code;
    }
    let code = |&bits: &u8| {
        if bits == 0 {
            return 0;
        }
        let next = &mut next[usize::from(bits)];
        let code = next.reverse_bits() >> (16 - u32::from(bits));
        *next = next.wrapping_add(1);
        code
    };
    lengths.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lengths(counts: &[u32], limit: usize) -> Vec<u8> {
        let mut lengths = vec![0; counts.len()];
        code_lengths(counts, limit, &mut lengths);
        lengths
    }

    fn bits(counts: &[u32], lengths: &[u8]) -> u64 {
        counts.iter().zip(lengths).map(|(&count, &bits)| u64::from(count) * u64::from(bits)).sum()
    }

    /// The best that any code can do: try all lengths.
    fn exhaustive(counts: &[u32], limit: u8) -> u64 {
        fn best(counts: &[u32], limit: u8, space: u32) -> Option<u64> {
            let Some((&count, others)) = counts.split_first() else { return Some(0) };
            let lengths = (1..=limit).filter(|&length| 1 << (limit - length) <= space);
            let of = |length: u8| {
                let rest = best(others, limit, space - (1 << (limit - length)))?;
                Some(rest + u64::from(count) * u64::from(length))
            };
            lengths.filter_map(of).min()
        }
        best(counts, limit, 1 << limit).unwrap()
    }

    #[test]
    fn one_symbol_gets_a_bit_and_none_gets_nothing() {
        assert_eq!(lengths(&[0, 7, 0], 15), [0, 1, 0]);
        assert_eq!(lengths(&[0, 0], 15), [0, 0]);
        assert_eq!(lengths(&[1, 1000], 15), [1, 1]);
    }

    #[test]
    fn fibonacci_weights_are_held_to_the_limit() {
        let mut counts = vec![1u32, 1];
        while counts.len() < 30 {
            counts.push(counts[counts.len() - 2..].iter().sum());
        }
        let lengths = lengths(&counts, 15);
        assert_eq!(lengths.iter().max(), Some(&15));
        assert_eq!(lengths.iter().map(|&l| 1 << (15 - l)).sum::<u32>(), 1 << 15);
    }

    proptest! {
        #[test]
        fn codes_are_complete_and_no_code_within_the_limit_is_shorter(
            counts in prop::collection::vec(1u32..5000, 2..7),
            spread in 0u32..3,
            limit in 3u8..6,
        ) {
            let counts: Vec<u32> = counts.iter().zip(0u32..).map(|(&c, i)| c >> (i * spread * 3)).map(|c| c.max(1)).collect();
            let lengths = lengths(&counts, limit.into());
            prop_assert!(lengths.iter().all(|&l| (1..=limit).contains(&l)));
            prop_assert_eq!(lengths.iter().map(|&l| 1u32 << (limit - l)).sum::<u32>(), 1 << limit);
            prop_assert_eq!(bits(&counts, &lengths), exhaustive(&counts, limit));
        }

        #[test]
        fn both_methods_agree_where_the_limit_does_not_bind(counts in prop::collection::vec(1u32..100, 2..280)) {
            let mut weights: Vec<u64> = counts.iter().map(|&count| u64::from(count)).collect();
            weights.sort_unstable();
            let total = |lengths: Vec<u8>| weights.iter().zip(lengths).map(|(w, l)| w * u64::from(l)).sum::<u64>();
            prop_assert_eq!(total(depths(&weights)), total(package_merge(&weights, 15)));
        }
    }
}
