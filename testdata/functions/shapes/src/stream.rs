//! Stages that run one after the other, each a boxed future: async code that only its user's types complete.

use std::future::Future;
use std::pin::Pin;

/// One step: a value in, a future of a value out.
pub type Stage<T> = Box<dyn Fn(T) -> Pin<Box<dyn Future<Output = T> + Send>> + Send + Sync>;

pub struct Pipeline<T> {
    stages: Vec<Stage<T>>,
}

impl<T: Send + 'static> Pipeline<T> {
    pub fn new(stages: Vec<Stage<T>>) -> Self {
        Self { stages }
    }

    /// Runs `value` through all stages.
    pub async fn run(&self, mut value: T) -> T {
        for stage in &self.stages {
            value = stage(value).await;
        }
        value
    }
}

/// A stage from a plain function.
pub fn map_stage<T, F>(change: F) -> Stage<T>
where
    T: Send + 'static,
    F: Fn(T) -> T + Clone + Send + Sync + 'static,
{
    Box::new(move |value| {
        let change = change.clone();
        Box::pin(async move { change(value) })
    })
}
