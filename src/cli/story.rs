//! `guanlan story show|split|merge|undo`: one happening, and an officer's word on what belongs to it.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{Format, Globals, Outcome, open};
use crate::desk::grouping::StoryAct;
use crate::desk::{Desk, DeskError, Who};

#[derive(Args)]
pub struct StoryArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Show {
        #[arg(value_name = "STORY")]
        story: String,
    },
    Split {
        #[arg(value_name = "POST", required = true)]
        posts: Vec<String>,
    },
    Merge {
        #[arg(value_name = "STORY")]
        from: String,
        #[arg(value_name = "INTO")]
        into: String,
    },
    Undo {
        #[arg(value_name = "NUMBER")]
        number: u64,
    },
}

impl StoryArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let who = open::who(globals);
        let done = match &self.action {
            Action::Show { story } => show(&desk, &who, story, globals, out),
            Action::Split { posts } => {
                desk.split_story(&who, posts).map(|act| say("act", &act, globals, out))
            }
            Action::Merge { from, into } => {
                desk.merge_stories(&who, from, into).map(|act| say("act", &act, globals, out))
            }
            Action::Undo { number } => {
                desk.undo_grouping(&who, *number).map(|act| say("undone", &act, globals, out))
            }
        };
        match done {
            Ok(written) => written.map(|()| Outcome::Good),
            Err(error) => open::refused(error, globals.lang),
        }
    }
}

fn say(
    what: &str,
    act: &StoryAct,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if globals.format != Format::Table {
        serde_json::to_writer(&mut *out, act)?;
        writeln!(out)?;
        return Ok(());
    }
    let lang = globals.lang;
    let posts = act.posts.len();
    let told = lang.fill(
        &format!("cli.story.{what}"),
        &[("number", &act.number), ("posts", &posts), ("from", &act.from), ("into", &act.into)],
    );
    writeln!(out, "{told}")?;
    if !act.undone && !globals.quiet {
        writeln!(out, "{}", lang.fill("cli.story.undo_hint", &[("number", &act.number)]))?;
    }
    Ok(())
}

fn show(
    desk: &Desk,
    who: &Who,
    story: &str,
    globals: &Globals,
    out: &mut dyn Write,
) -> Result<anyhow::Result<()>, DeskError> {
    // The id of any of its posts names it, too.
    let id = match desk.post_named(who, story) {
        Ok(post) => post.story.to_string(),
        Err(_) => story.to_owned(),
    };
    let sheet = desk.story(who, &id)?;
    let lang = globals.lang;
    let mut write = || -> anyhow::Result<()> {
        if globals.format != Format::Table {
            serde_json::to_writer(&mut *out, &sheet)?;
            writeln!(out)?;
            return Ok(());
        }
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("story", &sheet.id), ("posts", &sheet.posts), ("risk", &sheet.risk)];
        writeln!(out, "{}", lang.fill("cli.story.sheet", &args))?;
        for line in &sheet.lines {
            let role = lang.text(&format!("record.role.{}", line.role.as_str()));
            let title: String = line.title.iter().map(|piece| piece.text.as_str()).collect();
            let time = line.time.with_timezone(&desk.config.station.zone).format("%m-%d %H:%M");
            writeln!(out, "{time}  {role}  {}  {title}  {}", line.outlet, line.id)?;
        }
        for act in &sheet.acts {
            say("act", act, globals, out)?;
        }
        Ok(())
    };
    Ok(write())
}
