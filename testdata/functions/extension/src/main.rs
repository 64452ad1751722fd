//! An external extension: a program of its own, which a package holds at `extensions/extension`.

use lambda_extension::{Error, LambdaEvent, NextEvent, run, service_fn, tracing};

async fn events_extension(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(invoke) => tracing::info!(request_id = invoke.request_id, "invoked"),
        NextEvent::Shutdown(shutdown) => tracing::info!(reason = shutdown.shutdown_reason, "shutting down"),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(events_extension)).await
}
