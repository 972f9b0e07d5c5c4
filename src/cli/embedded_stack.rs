//! `substorm embedded-stack`, which nobody types: the program as the child of a run.

use std::time::Duration;

use crate::harness::Exit;
use crate::stack;

/// The niceness of the stack beside the generator.
const STACK_NICE: i32 = 5;

/// Runs the stack over standard input and output until the parent is gone.
pub fn run() -> anyhow::Result<Exit> {
    // The generator must be on time, or nothing that it measures is the stack's: where both want a
    // core, the stack waits. Threads inherit this.
    let _ = rustix::process::setpriority_process(None, STACK_NICE);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let lived = runtime.block_on(stack::child::run());
    // A bulk load under way is nobody's any more; there is no need to see its end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    lived?;
    Ok(Exit::Passed)
}
