//! Resolving: relative paths become absolute, places in texts are filled in.
//!
//! In: settings and items as written, with the folder of their file. Out: the same as the program uses
//! them. Checks nothing and reads nothing.

use std::path::{Path, PathBuf};

use pipelines::crawl::{SourceConfig, SourceKind};

use super::Overrides;
use super::document::Placed;
use super::load::Settings;
use super::notifier::{NotifierConfig, NotifierKind};

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Makes paths absolute and fills in the user agent.
pub(super) fn resolve(settings: &mut Settings, dir: &Path, overrides: &Overrides) {
    let station = &mut settings.station;
    station.data_dir = match &overrides.data_dir {
        Some(given) => absolute(given),
        None => absolute(&dir.join(&station.data_dir)),
    };
    let contact = if station.contact.is_empty() { "no contact" } else { &station.contact };
    station.user_agent = station
        .user_agent
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{contact}", contact);
    if !settings.crawl.ca_file.as_os_str().is_empty() {
        settings.crawl.ca_file = absolute(&dir.join(&settings.crawl.ca_file));
    }
    let evidence = &mut settings.evidence;
    for path in [&mut settings.index.ca_file, &mut evidence.folder, &mut evidence.ca_file] {
        if !path.as_os_str().is_empty() {
            *path = absolute(&dir.join(&*path));
        }
    }
    for file in [&mut station.tls_cert, &mut station.tls_key] {
        if !file.as_os_str().is_empty() {
            *file = absolute(&dir.join(&*file));
        }
    }
    if !settings.rephrase.key_file.as_os_str().is_empty() {
        settings.rephrase.key_file = absolute(&dir.join(&settings.rephrase.key_file));
    }
    for font in &mut settings.paper.fonts {
        *font = absolute(&dir.join(&*font));
    }
    settings.privacy.key_file = absolute(&dir.join(&settings.privacy.key_file));
}

pub(super) fn source_paths(source: Placed<SourceConfig>) -> SourceConfig {
    let dir = Path::new(&source.file).parent().unwrap_or(Path::new("")).to_owned();
    let mut source = source.item;
    if let SourceKind::Files { path, .. } = &mut source.kind {
        *path = absolute(&dir.join(&*path)).display().to_string();
    }
    source
}

pub(super) fn notifier_paths(mut notifier: NotifierConfig, dir: &Path) -> NotifierConfig {
    let place = |path: &mut PathBuf| *path = absolute(&dir.join(&*path));
    match &mut notifier.kind {
        NotifierKind::Log => {}
        NotifierKind::File { path } => place(path),
        NotifierKind::Webhook { url_file, secret_file, .. } => {
            url_file.iter_mut().chain(secret_file).for_each(place);
        }
        NotifierKind::Wecom(robot)
        | NotifierKind::Dingtalk(robot)
        | NotifierKind::Feishu(robot) => {
            robot.url_file.iter_mut().chain(&mut robot.secret_file).for_each(place);
        }
        NotifierKind::Mail(mail) => {
            mail.password_file.iter_mut().chain(&mut mail.ca_file).for_each(place);
        }
    }
    notifier
}
