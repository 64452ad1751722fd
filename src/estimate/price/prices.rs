//! The list of prices, and what one region and architecture pays.

use serde::{Deserialize, Serialize};

use crate::elf::Architecture;
use crate::estimate::error::EstimateError;

/// Prices of all regions that the list knows, with source and date.
///
/// ```
/// use lambda_slim::elf::Architecture;
/// use lambda_slim::estimate::PriceList;
/// let prices = PriceList::embedded().of("eu-west-1", Architecture::Arm64)?;
/// assert_eq!(prices.per_gb_second_usd, 0.0000133334);
/// # Ok::<(), lambda_slim::estimate::EstimateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PriceList {
    /// Day of the prices, as YYYY-MM-DD.
    pub dated: String,
    /// Where they were read.
    pub source: String,
    /// What they hold for.
    pub valid_for: String,
    tiers: Tiers,
    provisioned_arm_factor: f64,
    regions: Vec<Region>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Tiers {
    x86_64: Vec<Tier>,
    arm64: Vec<Tier>,
}

/// A price step of a month's use: up to so many GB-seconds (`None`: without end), the first tier's price times this.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Tier {
    pub(super) first_gb_seconds: Option<f64>,
    pub(super) factor: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Region {
    region: String,
    x86_64_per_gb_second: f64,
    arm64_per_gb_second: f64,
    per_million_requests: f64,
    provisioned_x86_64_per_gb_second: f64,
}

/// What one region charges for one architecture, in US dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// Name of the region.
    pub region: String,
    /// A GB-second (2^30 bytes for one second) of the first tier.
    pub per_gb_second_usd: f64,
    /// A million requests.
    pub per_million_requests_usd: f64,
    /// A GB-second of configured provisioned concurrency; `None` where the price was given by hand.
    pub provisioned_per_gb_second_usd: Option<f64>,
    /// Source and date, or that the price was given.
    pub source: String,
    pub(super) tiers: Vec<Tier>,
}

impl PriceList {
    /// Region where none is said: the one that the prior's prices are stated for.
    pub const DEFAULT_REGION: &'static str = "us-east-1";

    /// The list that is part of this program.
    #[must_use]
    pub fn embedded() -> Self {
        serde_json::from_str(include_str!("prices.json")).expect("the embedded list has the layout of PriceList")
    }

    /// The prices of one region.
    ///
    /// # Errors
    /// Where the list does not know the region; the error names those it knows.
    pub fn of(&self, region: &str, architecture: Architecture) -> Result<Prices, EstimateError> {
        let Some(row) = self.regions.iter().find(|row| row.region == region) else {
            let known = self.regions.iter().map(|row| row.region.as_str()).collect::<Vec<_>>().join(", ");
            return Err(EstimateError::UnknownRegion { region: region.to_owned(), known });
        };
        let (per_gb_second_usd, provisioned, tiers) = match architecture {
            Architecture::X86_64 => {
                (row.x86_64_per_gb_second, row.provisioned_x86_64_per_gb_second, &self.tiers.x86_64)
            }
            Architecture::Arm64 => (
                row.arm64_per_gb_second,
                row.provisioned_x86_64_per_gb_second * self.provisioned_arm_factor,
                &self.tiers.arm64,
            ),
        };
        Ok(Prices {
            region: region.to_owned(),
            per_gb_second_usd,
            per_million_requests_usd: row.per_million_requests,
            provisioned_per_gb_second_usd: Some(provisioned),
            source: format!("{}; prices of {}; valid for {}", self.source, self.dated, self.valid_for),
            tiers: tiers.clone(),
        })
    }
}

impl Prices {
    /// The same, at a price per GB-second that the user gives; it holds for any amount.
    ///
    /// # Errors
    /// Where it is negative or not finite.
    pub fn at(self, per_gb_second_usd: f64) -> Result<Self, EstimateError> {
        if !per_gb_second_usd.is_finite() || per_gb_second_usd < 0.0 {
            return Err(EstimateError::Price { usd: per_gb_second_usd });
        }
        Ok(Self {
            per_gb_second_usd,
            provisioned_per_gb_second_usd: None,
            source: "price per GB-second as given".to_owned(),
            tiers: Vec::new(),
            ..self
        })
    }

    /// Dollars for a month's GB-seconds, tier by tier.
    #[must_use]
    pub fn of_gb_seconds(&self, gb_seconds: f64) -> f64 {
        let (mut usd, mut from) = (0.0, 0.0);
        for tier in &self.tiers {
            let upto = tier.first_gb_seconds.unwrap_or(f64::INFINITY).min(gb_seconds);
            usd += (upto - from).max(0.0) * self.per_gb_second_usd * tier.factor;
            from = upto.max(from);
        }
        usd + (gb_seconds - from).max(0.0) * self.per_gb_second_usd
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Reference: Infracost's golden file for Lambda (AWS Price List, 2026-08-21): tiers of us-east-1.
    #[test]
    fn tiers_charge_each_part_at_its_own_price() {
        let list = PriceList::embedded();
        let x86 = list.of("us-east-1", Architecture::X86_64).expect("known");
        let expected = 6e9 * 0.000_016_666_7 + 9e9 * 0.000_015 + 1e9 * 0.000_013_333_4;
        assert!((x86.of_gb_seconds(16e9) / expected - 1.0).abs() < 1e-5, "{}", x86.of_gb_seconds(16e9));
        let arm = list.of("us-east-1", Architecture::Arm64).expect("known");
        let expected = 7.5e9 * 0.000_013_333_4 + 0.5e9 * 0.000_012_000_1;
        assert!((arm.of_gb_seconds(8e9) / expected - 1.0).abs() < 1e-5, "{}", arm.of_gb_seconds(8e9));
        assert_eq!(x86.at(1e-5).expect("a price").of_gb_seconds(16e9), 160_000.0);
    }

    #[test]
    fn regions_are_sorted_and_unlike_ones_are_named() {
        let list = PriceList::embedded();
        assert!(list.regions.is_sorted_by(|one, other| one.region < other.region));
        let error = list.of("mars-1", Architecture::X86_64).expect_err("no such region").to_string();
        assert!(error.contains("mars-1") && error.contains("eu-central-1"), "{error}");
    }
}
