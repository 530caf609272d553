//! The command line: what the user typed, as types, and which file answers it.
//!
//! In: arguments. Out: an exit status: 0 good, 1 failed, 2 wrong usage. Help and errors are officer-facing:
//! they come from the locale files, and a test holds every option to a text in both languages. The commands
//! themselves stand one a file in `cli/`; they know nothing of each other.

pub mod output;

mod console;
mod help;
mod log;
mod open;
mod shown;
mod stop;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use pipelines::locale::Lang;

pub use output::Format;

use crate::desk::trouble;

/// What every command is told.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    /// `--config FILE`
    pub config: Option<PathBuf>,
    /// `--data-dir DIR`
    pub data_dir: Option<PathBuf>,
    /// Language of everything shown.
    pub lang: Lang,
    /// Form of tables.
    pub format: Format,
    /// No progress, no remarks.
    pub quiet: bool,
}

/// How a command ended, short of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit status 0.
    Good,
    /// Exit status 1: the command did its work and the answer is bad (a check found problems).
    Bad,
    /// Exit status 2: the request could not be understood; the message is out already.
    Usage,
}

impl From<bool> for Outcome {
    fn from(is_good: bool) -> Self {
        if is_good { Self::Good } else { Self::Bad }
    }
}

#[derive(Parser)]
#[command(name = "guanlan", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct GlobalArgs {
    #[arg(long, global = true, value_name = "FILE", env = "GUANLAN_CONFIG")]
    config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "DIR", env = "GUANLAN_DATA_DIR")]
    data_dir: Option<PathBuf>,
    #[arg(long, global = true, value_name = "zh|en", value_parser = ["zh", "en"])]
    lang: Option<String>,
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = true)]
    format: Format,
    #[arg(long, short, global = true)]
    quiet: bool,
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

macro_rules! commands {
    ($($variant:ident($module:ident::$args:ident)),* $(,)?) => {
        $(mod $module;)*

        #[derive(Subcommand)]
        enum Command {
            $($variant($module::$args),)*
        }

        impl Command {
            fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
                match self {
                    $(Self::$variant(args) => args.run(globals, out).map(Outcome::from),)*
                }
            }
        }
    };
}

commands! {
    Demo(demo::DemoArgs),
    Init(init::InitArgs),
    Check(check::CheckArgs),
    Run(run::RunArgs),
    Source(source::SourceArgs),
    Crawl(crawl::CrawlArgs),
    Import(import::ImportArgs),
    Search(search::SearchArgs),
    Query(query::QueryArgs),
    Alerts(alerts::AlertsArgs),
    Notify(notify::NotifyArgs),
    Explain(explain::ExplainArgs),
    Evidence(evidence::EvidenceArgs),
    Why(why::WhyArgs),
    Words(words::WordsArgs),
    Digest(digest::DigestArgs),
    Rule(rule::RuleArgs),
    Label(label::LabelArgs),
    Story(story::StoryArgs),
    Case(case::CaseArgs),
    Answer(answer::AnswerArgs),
    Duty(duty::DutyArgs),
    Eval(eval::EvalArgs),
    Train(train::TrainArgs),
    Status(status::StatusArgs),
    Purge(purge::PurgeArgs),
    User(user::UserArgs),
    Mcp(mcp::McpArgs),
    Reindex(reindex::ReindexArgs),
    Store(store::StoreArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Completions(completions::CompletionsArgs),
}

/// Runs the command line and answers the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = args.into_iter().collect::<Vec<_>>();
    let lang = help::language(&args);
    let cli = match help::localised(Cli::command(), lang)
        .try_get_matches_from(&args)
        .and_then(|matches| Cli::from_arg_matches(&matches))
    {
        Ok(cli) => cli,
        Err(error) => return help::show(&error, lang),
    };
    log::start(cli.global.verbose);
    let globals = Globals {
        config: cli.global.config,
        data_dir: cli.global.data_dir,
        lang,
        format: cli.global.format,
        quiet: cli.global.quiet,
    };
    let mut out = shown::Shown::new(std::io::stdout().lock());
    let ended = cli.command.run(&globals, &mut out).and_then(|outcome| {
        out.flush()?;
        Ok(outcome)
    });
    match ended {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(1),
        Ok(Outcome::Usage) => ExitCode::from(2),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let words = trouble::in_words(&error, lang);
            eprintln!("{}{}", lang.text("cli.failed"), pipelines::text::visible(&words));
            ExitCode::from(1)
        }
    }
}

/// `guanlan … | head` is not a failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
