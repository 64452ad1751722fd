//! Shapes, a trait for them that makes trait objects, and generic functions over it.

use std::cmp::Ordering;
use std::fmt;

/// What has an area and can say what it is.
pub trait Area {
    fn area(&self) -> f64;

    fn describe(&self) -> String {
        format!("a shape of {:.2}", self.area())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Circle {
    pub radius: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rectangle<N> {
    pub width: N,
    pub height: N,
}

/// Any shape, scaled: generic over what it wraps.
#[derive(Debug, Clone)]
pub struct Scaled<S> {
    pub shape: S,
    pub factor: f64,
}

impl Area for Circle {
    fn area(&self) -> f64 {
        std::f64::consts::PI * self.radius * self.radius
    }

    // Not generic: this one is compiled in this crate.
    fn describe(&self) -> String {
        format!("a circle of radius {}", self.radius)
    }
}

impl<N: Copy + Into<f64> + fmt::Display> Area for Rectangle<N> {
    fn area(&self) -> f64 {
        self.width.into() * self.height.into()
    }

    fn describe(&self) -> String {
        format!("a rectangle of {} by {}", self.width, self.height)
    }
}

impl<S: Area> Area for Scaled<S> {
    fn area(&self) -> f64 {
        self.shape.area() * self.factor * self.factor
    }

    fn describe(&self) -> String {
        format!("{}, times {}", self.shape.describe(), self.factor)
    }
}

impl<A: Area + ?Sized> Area for Box<A> {
    fn area(&self) -> f64 {
        (**self).area()
    }

    fn describe(&self) -> String {
        (**self).describe()
    }
}

/// The shape with the largest area.
pub fn largest<A: Area>(shapes: &[A]) -> Option<&A> {
    shapes
        .iter()
        .max_by(|a, b| a.area().partial_cmp(&b.area()).unwrap_or(Ordering::Equal))
}

/// The sum of all areas. Not generic: trait objects do the choosing.
#[inline(never)]
pub fn total_area(shapes: &[Box<dyn Area + Send + Sync>]) -> f64 {
    shapes.iter().map(Area::area).sum()
}
