//! `calibrate`: what is learnt from records, in whichever form and by whichever way they come, and what `estimate` makes of it.

#[path = "../support/mod.rs"]
mod support;

mod engine;
mod fleet;
mod learns;
mod pipes;
mod refuses;
