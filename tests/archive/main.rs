//! Zips and Deflate streams through the public face of the library.

mod damage;
mod entries;
mod hostile;
mod raw;
mod written;
