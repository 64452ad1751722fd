//! Learning from a function's own records.
mod calibration;
pub use calibration::Calibration;
