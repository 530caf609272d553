//! The console beside a station at work: its address taken, its key read, both told; then served until stopped.
//!
//! In: the desk of an open station. Out: a console, or a word on why there is none: a station goes on without its console,
//! since collecting must not end because a port is taken.

use std::io::Write;
use std::sync::Arc;

use super::Globals;
use crate::desk::Desk;
use crate::desk::seat::Seat;
use crate::desk::trouble;
use crate::serve::{self, Entry, Key, Listening};

/// A console that has its address and is not served yet.
pub struct Console {
    listening: Listening,
    key: Key,
    seat: Arc<Seat>,
}

impl Console {
    /// Takes the address of config and tells how to get in; tells why where that fails.
    ///
    /// # Errors
    /// Those of `out`.
    pub async fn open(
        desk: Desk,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<Option<Self>> {
        let opened = async {
            let listening = serve::listen(&desk.config.station).await?;
            let key = Key::of(&desk.console_key())?;
            let entry = listening.entry(&key, &desk)?;
            anyhow::Ok((Self { listening, key, seat: Arc::new(Seat::new(desk)) }, entry))
        };
        match opened.await {
            Ok((console, entry)) => {
                let (text, url) = match &entry {
                    Entry::Key(url) => ("cli.run.console", url),
                    Entry::First(url) => ("cli.run.console_first", url),
                    Entry::Login(url) => ("cli.run.console_login", url),
                };
                writeln!(out, "{}", globals.lang.fill(text, &[("url", url)]))?;
                Ok(Some(console))
            }
            Err(error) => {
                let why = trouble::in_words(&error, globals.lang);
                eprintln!("{}", globals.lang.fill("cli.run.no_console", &[("why", &why)]));
                tracing::error!(error = format!("{error:#}"), "there is no console");
                Ok(None)
            }
        }
    }

    /// Where a new desk is put in force.
    pub fn seat(&self) -> Arc<Seat> {
        self.seat.clone()
    }

    /// Serves until `stop`; a failure ends the console alone.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        if let Err(error) = self.listening.serve(self.seat, self.key, stop).await {
            tracing::error!(error = format!("{error:#}"), "the console has ended");
        }
    }
}
