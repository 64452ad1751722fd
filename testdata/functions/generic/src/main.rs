//! Generics across crates: `shapes` defines, this binary instantiates, with types of std, of shapes and of its own;
//! trait objects, closures and async blocks included.

use std::collections::BTreeMap;

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize};
use shapes::{Area, Circle, Grid, Pipeline, Rectangle, Scaled, largest, map_stage, total_area};

#[derive(Deserialize)]
struct Request {
    sizes: Vec<f64>,
}

#[derive(Serialize)]
struct Response {
    total: f64,
    largest: String,
    places: Vec<String>,
    rows: BTreeMap<String, Vec<String>>,
    tickets: Vec<u32>,
}

/// A type of this crate for the generics of others: a right-angled triangle.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
struct Triangle {
    base: f64,
    height: f64,
}

impl Area for Triangle {
    fn area(&self) -> f64 {
        self.base * self.height / 2.0
    }
}

/// Another one, as a key: ordered and hashed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Ticket(u32);

async fn function_handler(event: LambdaEvent<Request>) -> Result<Response, Error> {
    let sizes = event.payload.sizes;
    let shapes = shapes_of(&sizes);
    let triangles: Vec<Scaled<Triangle>> = sizes
        .iter()
        .map(|&size| Scaled {
            shape: Triangle {
                base: size,
                height: size,
            },
            factor: 2.0,
        })
        .collect();

    let mut by_kind: Grid<String, Scaled<Triangle>> = Grid::default();
    let mut by_ticket: Grid<Ticket, Option<Box<str>>> = Grid::default();
    for (ticket, triangle) in (0_u32..).zip(&triangles) {
        let kind = if triangle.area() < 10.0 { "small" } else { "big" };
        by_kind.put(kind.to_owned(), triangle.clone());
        by_ticket.put(Ticket(100 - ticket.min(100)), Some(kind.into()));
    }

    let limit = sizes.len() as f64;
    let pipeline = Pipeline::new(vec![map_stage(move |total: f64| total + limit), map_stage(f64::round)]);
    Ok(Response {
        total: pipeline.run(total_area(&shapes)).await,
        largest: largest(&triangles).map_or_else(String::new, Area::describe),
        places: by_kind.places(),
        rows: by_kind.rows(|triangle| format!("{triangle:?}")).into_iter().collect(),
        tickets: by_ticket.places().into_iter().map(|Ticket(number)| number).collect(),
    })
}

fn shapes_of(sizes: &[f64]) -> Vec<Box<dyn Area + Send + Sync>> {
    sizes
        .iter()
        .enumerate()
        .map(|(index, &size)| -> Box<dyn Area + Send + Sync> {
            match index % 4 {
                0 => Box::new(Circle { radius: size }),
                1 => Box::new(Rectangle {
                    width: size,
                    height: 2.0,
                }),
                2 => Box::new(Scaled {
                    shape: Rectangle {
                        width: 3_u8,
                        height: 4_u8,
                    },
                    factor: size,
                }),
                _ => Box::new(Triangle {
                    base: size,
                    height: size,
                }),
            }
        })
        .collect()
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(function_handler)).await
}
