//! Money: what starts and calls cost by region and architecture, from a dated list of prices.
//!
//! Amounts are US dollars, before taxes, without the account's free tier. Init is billed for every kind of package since
//! 2025-08-01 (AWS Compute blog, 'AWS Lambda standardizes billing for INIT Phase', 2025-04-29, read 2026-11-23):
//! an invocation is billed `ceil(init + duration)` ms.

mod cost;
mod prices;

pub use cost::{Cost, MonthlyCost};
pub use prices::{PriceList, Prices};

pub(super) use cost::{Month, cost};
