//! What of a source's settings changes what is read from it.
//!
//! In: a source as configured. Out: a mark of those settings in the store. Where it differs from the last one, the
//! validators of the entries and the pages that were dropped under the old settings are forgotten, so that "not
//! modified" and "known" never hide what the new ones would keep. Posts that were kept stay known.

use pipelines::crawl::SourceConfig;
use pipelines::text::hex;
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::store::{Result, Store, StoreError};

/// Keys that change when and how a source is asked, not what is kept of it.
const OF_NO_MATTER: [&str; 9] = [
    "name",
    "enabled",
    "schedule",
    "group",
    "workday_only",
    "delay_secs",
    "flatline_hours",
    "revisit_days",
    "evidence",
];

/// Notes the settings of `source`; where they changed, what was read under the old ones is forgotten.
///
/// # Errors
/// Those of the store.
pub(super) fn note(store: &dyn Store, source: &SourceConfig) -> Result<()> {
    let key = format!("settings:{}", source.id);
    let mark = mark(source)
        .map_err(|e| StoreError::Corrupt { what: key.clone(), cause: e.to_string() })?;
    let known = store.state(&key)?;
    if known.as_deref() == Some(mark.as_str()) {
        return Ok(());
    }
    store.write(&mut |write| {
        if known.is_some() {
            write.forget_readings(&source.id)?;
        }
        write.put_state(&key, &mark)
    })
}

/// A mark of a whole config: processes of one store should run on one. The data directory is each one's own.
///
/// # Errors
/// None in practice: these are plain values.
pub(super) fn of_all(config: &Config) -> serde_json::Result<String> {
    let sources: Vec<_> =
        config.sources.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    let rules: Vec<String> = config.rules.iter().map(|rule| format!("{rule:?}")).collect();
    let subjects: Vec<_> =
        config.subjects.iter().map(serde_json::to_value).collect::<Result<_, _>>()?;
    let all = serde_json::to_vec(&(sources, rules, subjects))?;
    Ok(hex(&Sha256::digest(all))[..12].to_owned())
}

fn mark(source: &SourceConfig) -> serde_json::Result<String> {
    let mut settings = serde_json::to_value(source)?;
    if let Some(settings) = settings.as_object_mut() {
        settings.retain(|key, _| !OF_NO_MATTER.contains(&key.as_str()));
    }
    serde_json::to_string(&settings)
}

#[cfg(test)]
mod tests {
    use pipelines::crawl::SourceKind;

    use super::*;

    #[test]
    fn only_what_changes_the_reading_changes_the_mark() {
        let kind = |full_page| SourceKind::Feed { url: "https://example.cn/rss".into(), full_page };
        let source = SourceConfig::new("a", "甲", kind(false));
        let same = SourceConfig { name: "乙".into(), delay_secs: Some(9.0), ..source.clone() };
        assert_eq!(mark(&source).unwrap(), mark(&same).unwrap());
        let other = SourceConfig::new("a", "甲", kind(true));
        let hosts = SourceConfig { allow_hosts: vec!["example.org".into()], ..source.clone() };
        for changed in [other, hosts] {
            assert_ne!(mark(&source).unwrap(), mark(&changed).unwrap());
        }
    }
}
