//! Generic containers, traits and adapters. Next to nothing here is compiled until another crate names the types, so
//! who owns a byte of it depends on the view: defined here, instantiated there, and often with the types of std.

mod grid;
mod shape;
mod stream;

pub use grid::Grid;
pub use shape::{Area, Circle, Rectangle, Scaled, largest, total_area};
pub use stream::{Pipeline, Stage, map_stage};
