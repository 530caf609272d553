//! The page of a published answer, kept as it was served: what a case says was published can be shown later.
//!
//! In: cases whose answer has an address, the fetcher of the station. Out: one WARC file a page in the
//! vault of evidence and a line of the case's log with its hash, the title, and how much of the answer stands on it; or a
//! line with the reason why it could not be had. It asks as politely as for any other page, obeys robots.txt and gets
//! round no wall. A file whose line was never written (a crash between the two) is not referred to by anything.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use pipelines::crawl::warc::{self, Location};
use pipelines::crawl::{FetchOutcome, Fetcher, SourceConfig, SourceKind, authority};
use pipelines::extract::{ReadOptions, decode, html_to_text, mask, read_page};
use pipelines::record::{FetchJob, Page, Verdict};
use pipelines::text::hex;

use super::cases::{STATION, StepError, log_step, policy};
use super::shared::Shared;
use super::vault::vault;
use crate::cases::keeping::{is_due, said_on};
use crate::cases::{Case, Fields, Order, Step};
use crate::config::Config;
use crate::evidence::{SOFTWARE, Shelf, Vault, new_name};
use crate::store::{Store, StoreError};

/// Characters of a title.
const TITLE_CHARS: usize = 120;

/// The source that its pages are said to be fetched for.
const SOURCE: &str = "published";

/// Looks at every page that is due.
///
/// # Errors
/// Those of the store; a file that cannot be written.
pub(super) async fn look(shared: Shared, fetcher: Arc<Fetcher>) -> anyhow::Result<()> {
    for case in due(&*shared.store, shared.now())? {
        if shared.stop.is_asked() {
            break;
        }
        let said = look_at(&shared, &fetcher, &case).await?;
        note(&shared, &case, said).await?;
    }
    Ok(())
}

/// The cases whose page is to be looked at.
fn due(store: &dyn Store, now: DateTime<Utc>) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for row in store.cases()? {
        let case: Case = serde_json::from_str(&row.record)?;
        if is_due(&case, now) {
            cases.push(case);
        }
    }
    Ok(cases)
}

/// Asks for the page; what is said of it.
async fn look_at(shared: &Shared, fetcher: &Fetcher, case: &Case) -> anyhow::Result<Fields> {
    let address = case.field("address");
    let source = asker(&shared.config, address);
    let job = FetchJob::new(address, &source.id, shared.now());
    let mut said = Fields::from([("kept_address".to_owned(), address.to_owned())]);
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            said.insert(name.to_owned(), value);
        }
    };
    let why = match fetcher.fetch(&job, &source, shared.now()).await {
        FetchOutcome::Page(page) => {
            let (config, of) = (shared.config.clone(), page.clone());
            let written = move || write(&*vault(&config)?, &of);
            let written = tokio::task::spawn_blocking(written).await?;
            let place = written.context("cannot keep the page of an answer")?;
            put("kept", "yes".to_owned());
            put("kept_file", place.file);
            put("kept_hash", hex(&page.sha256));
            put("kept_title", title_of(&page, shared));
            put("kept_words", words_on(case, &page).to_owned());
            return Ok(said);
        }
        FetchOutcome::Failed(error) => error.kind.as_str(),
        FetchOutcome::Refused { because, .. } => because.as_str(),
        FetchOutcome::Dropped { reason, .. } => reason.as_str(),
        FetchOutcome::NotModified => "not_modified",
    };
    put("kept", "no".to_owned());
    put("kept_why", why.to_owned());
    Ok(said)
}

/// Who asks: a source of one page. A private host may be asked only where config lets a source ask it.
fn asker(config: &Config, address: &str) -> SourceConfig {
    let kind = SourceKind::Pages { urls: vec![address.to_owned()] };
    let host = url::Url::parse(address).map(|url| authority(&url)).unwrap_or_default();
    let known = config.sources.iter().flat_map(|source| &source.allow_private);
    let allow_private = known.filter(|private| **private == host).take(1).cloned().collect();
    SourceConfig { allow_private, ..SourceConfig::new(SOURCE, SOURCE, kind) }
}

/// A file of its own, whole or absent.
fn write(vault: &dyn Vault, page: &Page) -> anyhow::Result<Location> {
    let name = new_name(page.fetched_at)?;
    let member = warc::pack(page)?;
    let made = warc::file_of(&name, SOFTWARE, page.fetched_at, [member.bytes.as_slice()]);
    let (file, places) = made?;
    if !vault.put_new(Shelf::Published, &name, &file)? {
        anyhow::bail!("there is a page `{name}` already");
    }
    places.into_iter().next().context("a file of one record")
}

fn title_of(page: &Page, shared: &Shared) -> String {
    let options =
        ReadOptions { zone: shared.config.station.zone, ..ReadOptions::new(shared.now()) };
    let title = match read_page(page, &options) {
        Verdict::Keep(found) => found.title.unwrap_or_default(),
        Verdict::Drop(_) => String::new(),
    };
    mask(&title).chars().take(TITLE_CHARS).collect()
}

fn words_on(case: &Case, page: &Page) -> &'static str {
    let kind = page.header("content-type").unwrap_or("text/html");
    let Some(draft) = case.drafts.last().filter(|draft| !draft.text.is_empty()) else {
        return "unread";
    };
    if !["html", "text/", "xml", "json"].iter().any(|text| kind.contains(text)) {
        return "unread";
    }
    said_on(&draft.text, &html_to_text(&decode(&page.body, Some(kind)).text))
}

/// The line of the log, where the case still names the same address and none was written meanwhile.
async fn note(shared: &Shared, case: &Case, said: Fields) -> anyhow::Result<()> {
    let (config, now) = (shared.config.clone(), shared.now());
    let (number, address) = (case.number.clone(), case.field("address").to_owned());
    let written = shared.write(move |write| {
        let Some(row) = write.case_now(&number)? else { return Ok(()) };
        let corrupt = |cause: String| StoreError::Corrupt { what: number.clone(), cause };
        let case: Case = serde_json::from_str(&row.record).map_err(|e| corrupt(e.to_string()))?;
        if case.field("address") != address || !is_due(&case, now) {
            return Ok(());
        }
        let order = Order { step: Step::Keep, fields: said.clone(), who: STATION, now };
        match log_step(write, Some(&case), &number, &order, &policy(&config)) {
            Ok(_) => Ok(()),
            Err(StepError::Store(error)) => Err(error),
            Err(other) => Err(corrupt(other.to_string())),
        }
    });
    written.await
}
