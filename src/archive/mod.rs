//! Deployment zips: read with limits, written reproducibly. The only room that names `zip`.

mod method;

pub use method::Method;
