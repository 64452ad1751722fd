//! Code that no one wrote by hand: serde_derive's, our own derive's, and a table that the build script wrote to OUT_DIR.

use std::collections::BTreeMap;

use describe_derive::Describe;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde::{Deserialize, Serialize};

mod primes {
    include!(concat!(env!("OUT_DIR"), "/primes.rs"));
}

#[derive(Debug, Deserialize, Describe)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    order_id: usize,
    customer: Customer,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize, Serialize, Describe)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Customer {
    Private { name: String, email: Option<String> },
    Company { name: String, vat_number: String },
}

#[derive(Debug, Deserialize, Serialize, Describe)]
struct Line {
    article: String,
    count: u32,
    #[serde(flatten)]
    more: BTreeMap<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Receipt {
    prime: Option<u32>,
    customer: Customer,
    count: u32,
    lines: Vec<Line>,
    described: BTreeMap<&'static str, &'static [&'static str]>,
}

async fn function_handler(event: LambdaEvent<Order>) -> Result<Receipt, Error> {
    let Order {
        order_id,
        customer,
        lines,
    } = event.payload;
    Ok(Receipt {
        prime: primes::prime(order_id),
        customer,
        count: lines.iter().map(|line| line.count).sum(),
        lines,
        described: [Order::describe(), Customer::describe(), Line::describe()].into(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(function_handler)).await
}
