//! Help and usage errors in the officer's language.
//!
//! In: the clap command. Out: the same command with every description taken from `cli.help.…`. clap's own
//! words (headings, error sentences) are replaced where it allows; the rest stays in English.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, Command};
use pipelines::locale::Lang;

/// The language asked for by `--lang`, else by the locale of the environment, else Chinese.
pub fn language(args: &[OsString]) -> Lang {
    let mut words = args.iter().map(|a| a.to_string_lossy());
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--lang") {
            Some("") => words.next().map(|w| w.into_owned()),
            Some(tail) => tail.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        match value.as_deref() {
            Some("en") => return Lang::En,
            Some("zh") => return Lang::Zh,
            _ => {}
        }
    }
    let environment = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    match environment {
        Some(name) if name.starts_with("en") => Lang::En,
        _ => Lang::Zh,
    }
}

/// The command with the texts of `lang`.
pub fn localised(command: Command, lang: Lang) -> Command {
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(clap::ArgAction::Version)
        .help(lang.text("cli.help.global.version"))
        .help_heading(lang.get("cli.heading.options"));
    let command = describe(command, "cli.help", lang).disable_version_flag(true).arg(version);
    let globals = ["config", "data_dir", "lang", "format", "quiet", "verbose"];
    globals
        .iter()
        .fold(command, |c, id| c.mut_arg(id, |arg| describe_arg(arg, "cli.help.global", lang)))
}

fn describe(command: Command, key: &str, lang: Lang) -> Command {
    let heading = |name: &str| lang.get(&format!("cli.heading.{name}"));
    let template = lang.text(if command.has_subcommands() {
        "cli.template.group"
    } else {
        "cli.template.command"
    });
    let names = command.get_subcommands().map(|c| c.get_name().to_owned()).collect::<Vec<_>>();
    let own = command
        .get_arguments()
        .filter(|a| !a.is_global_set())
        .map(|a| a.get_id().to_string())
        .collect::<Vec<_>>();
    let mut command = command
        .about(lang.text(&format!("{key}.about")))
        .help_template(template)
        .disable_help_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(clap::ArgAction::Help)
                .help(lang.text("cli.help.global.help"))
                .help_heading(heading("options")),
        )
        .subcommand_help_heading(heading("commands").unwrap_or("Commands"))
        .next_help_heading(heading("options"));
    if let Some(more) = lang.get(&format!("{key}.after")) {
        command = command.after_help(more.to_owned());
    }
    for id in own {
        command = command.mut_arg(&id, |arg| describe_arg(arg, key, lang));
    }
    for name in names {
        let key = format!("{key}.{}", name.replace('-', "_"));
        command = command.mut_subcommand(&name, |c| describe(c, &key, lang));
    }
    command
}

fn describe_arg(arg: Arg, key: &str, lang: Lang) -> Arg {
    let text = lang.text(&format!("{key}.{}", arg.get_id()));
    let heading = if arg.is_positional() { "arguments" } else { "options" };
    arg.help(text).help_heading(lang.get(&format!("cli.heading.{heading}")))
}

/// Shows help, the version, or what is wrong with the usage.
pub fn show(error: &clap::Error, lang: Lang) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print!("{error}");
            return ExitCode::SUCCESS;
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => eprint!("{error}"),
        kind => {
            let what = |k| error.get(k).map(ToString::to_string).unwrap_or_default();
            let key = match kind {
                ErrorKind::UnknownArgument => "cli.usage.unknown_argument",
                ErrorKind::InvalidSubcommand => "cli.usage.unknown_command",
                ErrorKind::MissingRequiredArgument => "cli.usage.missing",
                ErrorKind::InvalidValue | ErrorKind::ValueValidation => "cli.usage.value",
                _ => "cli.usage.other",
            };
            let name = match kind {
                ErrorKind::InvalidSubcommand => what(ContextKind::InvalidSubcommand),
                _ => what(ContextKind::InvalidArg),
            };
            let value = what(ContextKind::InvalidValue);
            let detail = error.kind().to_string();
            eprintln!(
                "{}",
                lang.fill(key, &[("name", &name), ("value", &value), ("detail", &detail)])
            );
            let near = match kind {
                ErrorKind::InvalidSubcommand => what(ContextKind::SuggestedSubcommand),
                ErrorKind::UnknownArgument => what(ContextKind::SuggestedArg),
                _ => String::new(),
            };
            if !near.is_empty() {
                eprintln!("{}", lang.fill("cli.usage.near", &[("near", &near)]));
            }
            eprintln!("{}", lang.text("cli.usage.hint"));
        }
    }
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn missing(command: &Command, key: &str, lang: Lang, out: &mut Vec<String>) {
        let mut need = |key: String| {
            if !lang.has(&key) {
                out.push(format!("{lang:?} {key}"));
            }
        };
        need(format!("{key}.about"));
        let globals = ["config", "data_dir", "lang", "format", "quiet", "verbose"];
        for arg in command.get_arguments() {
            if !globals.contains(&arg.get_id().as_str()) {
                need(format!("{key}.{}", arg.get_id()));
            }
        }
        for sub in command.get_subcommands() {
            missing(sub, &format!("{key}.{}", sub.get_name().replace('-', "_")), lang, out);
        }
    }

    #[test]
    fn every_command_and_option_is_described_in_both_languages() {
        let mut gaps = Vec::new();
        for lang in [Lang::Zh, Lang::En] {
            missing(&Cli::command(), "cli.help", lang, &mut gaps);
        }
        assert!(gaps.is_empty(), "{}", gaps.join("\n"));
        Cli::command().debug_assert();
    }
}
