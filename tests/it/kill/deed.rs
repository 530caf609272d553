//! What a station is doing when it is killed.
//!
//! In: a laboratory. Out: the command, ready to start. `run` also stands here under a clock that jumps, as a
//! process of this test's own binary (`jump`): the shipped one has no switch for that.

use std::process::{Command, Stdio};

use super::jump;
use crate::lab::{Dice, Lab};

const MAP: &str = "id=id,title=title,text=text,published_at=posted_at";

/// A command that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Import,
    ImportOld,
    Crawl,
    Run,
    /// `run`, whose clock jumps while it works.
    RunAstray,
    Purge,
    Reindex,
}

impl Deed {
    /// What a station without a data directory is started with.
    pub const FIRST: [Self; 5] =
        [Self::Import, Self::Crawl, Self::Run, Self::RunAstray, Self::Purge];
    pub const ALL: [Self; 7] = [
        Self::Import,
        Self::ImportOld,
        Self::Crawl,
        Self::Run,
        Self::RunAstray,
        Self::Purge,
        Self::Reindex,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::ImportOld => "import (old rows)",
            Self::Crawl => "crawl",
            Self::Run => "run",
            Self::RunAstray => "run, clock jumps",
            Self::Purge => "purge",
            Self::Reindex => "reindex",
        }
    }

    /// Whether it asks the sites and tells the hook.
    pub fn asks(self) -> bool {
        matches!(self, Self::Crawl | Self::Run | Self::RunAstray)
    }

    /// The process, not yet started; `purge_day` is what a purge reaches to.
    pub fn command(self, lab: &Lab, purge_day: &str, dice: &mut Dice) -> Command {
        let mut command = match self {
            Self::Import => lab.command(&["--quiet", "import", "rows.jsonl", "--map", MAP]),
            Self::ImportOld => lab.command(&["--quiet", "import", "old.jsonl", "--map", MAP]),
            Self::Crawl => lab.command(&["--quiet", "crawl"]),
            Self::Run => lab.command(&["--quiet", "run"]),
            Self::RunAstray => jump::command(lab, dice),
            Self::Purge => lab.command(&["--quiet", "purge", "--before", purge_day]),
            Self::Reindex => lab.command(&["--quiet", "reindex"]),
        };
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}
