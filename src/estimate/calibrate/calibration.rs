use serde::{Deserialize, Serialize};
/// What a model was calibrated on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {}
