//! The signals that end a command: SIGTERM and Ctrl-C.
//!
//! In: a wish to stop that is still unsaid. Out: it is said at the first signal; a second one ends the process at
//! once, which costs nothing that was acknowledged. It knows nothing of what the command does.

use tokio::signal::unix::{SignalKind, signal};

use crate::desk::works::Stop;

/// Says `stop` at the first signal, from a thread of its own.
///
/// # Errors
/// The signals cannot be listened to.
pub fn at_signal(stop: &Stop) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stop = stop.clone();
    let (mut terminate, mut interrupt) = {
        let _within = runtime.enter();
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            let mut next = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            next().await;
            stop.ask();
            next().await;
            std::process::exit(130);
        });
    })?;
    Ok(())
}
