//! `substorm embedded-stack`, which nobody types: the program as the child of a run.

use crate::harness::Exit;
use crate::stack;

/// Runs the stack over standard input and output until the parent is gone.
pub fn run() -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(stack::child::run())?;
    Ok(Exit::Passed)
}
