//! The config of the demo station, as files of the same form an officer would write, and what to show with it.
//!
//! In: the addresses of the running sites. Out: texts with the paths they belong to, and searches with a word
//! on what each shows. Writes nothing itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use pipelines::locale::Lang;

/// One search worth showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TourStop {
    /// In the query language.
    pub query: &'static str,
    /// What it shows, in the language asked for.
    pub note: String,
}

/// The config files of the demo under `data_dir`: `guanlan.toml`, `sources/demo.toml`, `rules/demo.toml`.
#[must_use]
pub fn config_files(
    addresses: &BTreeMap<&'static str, SocketAddr>,
    data_dir: &Path,
) -> Vec<(PathBuf, String)> {
    let mut sources = include_str!("config/sources.toml").to_owned();
    for (key, address) in addresses {
        sources = sources.replace(&format!("{{{key}}}"), &address.to_string());
    }
    vec![
        (data_dir.join("guanlan.toml"), include_str!("config/guanlan.toml").to_owned()),
        (data_dir.join("sources/demo.toml"), sources),
        (data_dir.join("rules/demo.toml"), include_str!("config/rules.toml").to_owned()),
    ]
}

/// The searches the demo shows.
#[must_use]
pub fn tour(lang: Lang) -> Vec<TourStop> {
    [
        ("@qinglangou (冒顶 | 遇难)", "demo.tour.rumour"),
        ("(拖欠 | 欠薪) channel:forum", "demo.tour.pay"),
        ("subject:jihe (表扬 | 供热)", "demo.tour.praise"),
    ]
    .into_iter()
    .map(|(query, key)| TourStop { query, note: lang.text(key) })
    .collect()
}

#[cfg(test)]
mod tests {
    use pipelines::crawl::SourceConfig;
    use pipelines::record::Subject;
    use pipelines::watch::RuleConfig;
    use serde::Deserialize;

    use super::*;
    use crate::demo::SITE_KEYS;

    fn files() -> Vec<(PathBuf, String)> {
        let addresses = SITE_KEYS
            .iter()
            .zip(1u8..)
            .map(|(key, i)| (*key, SocketAddr::from(([127, 0, 0, i], 4000 + u16::from(i)))))
            .collect();
        config_files(&addresses, Path::new("data"))
    }

    #[test]
    fn sources_and_rules_read_as_the_real_types() {
        #[derive(Deserialize)]
        struct Sources {
            source: Vec<SourceConfig>,
        }
        #[derive(Deserialize)]
        struct Rules {
            rule: Vec<RuleConfig>,
        }
        let files = files();
        let sources: Sources = toml::from_str(&files[1].1).unwrap();
        let ids: Vec<&str> = sources.source.iter().map(|s| s.id.as_str()).collect();
        assert_eq!(ids.len(), SITE_KEYS.len());
        assert!(SITE_KEYS.iter().all(|key| ids.contains(key)));
        assert!(sources.source.iter().all(|s| s.allow_private.len() == 1));
        assert!(!files[1].1.contains('{'), "an address was not filled in");
        let rules: Rules = toml::from_str(&files[2].1).unwrap();
        assert!(rules.rule.iter().all(|r| !r.examples.is_empty()));
    }

    #[test]
    fn the_station_of_the_demo_loads_and_its_rules_hold_their_examples() {
        use crate::config::{Config, Overrides};

        let dir = tempfile::tempdir().unwrap();
        let addresses =
            SITE_KEYS.iter().map(|key| (*key, SocketAddr::from(([127, 0, 0, 1], 4001)))).collect();
        for (path, text) in config_files(&addresses, dir.path()) {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let overrides = Overrides { data_dir: None, run_examples: true, ..Overrides::default() };
        let config = Config::load(Some(dir.path()), &overrides)
            .unwrap_or_else(|problems| panic!("{}", problems.render(Lang::En)));
        assert_eq!(config.sources.len(), SITE_KEYS.len());
        assert_eq!((config.rules.len(), config.digests.len()), (3, 2));
        assert!(config.examples_run >= 6, "{}", config.examples_run);
    }

    #[test]
    fn subjects_name_units_of_one_group() {
        #[derive(Deserialize)]
        struct Main {
            subject: Vec<Subject>,
        }
        let main: Main = toml::from_str(&files()[0].1).unwrap();
        let group = &main.subject[0];
        assert!(group.exclude.iter().any(|word| word == "云岭茶"));
        assert!(main.subject[1..].iter().all(|unit| unit.parent.as_ref() == Some(&group.id)));
    }

    #[test]
    fn the_tour_has_its_notes_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            assert!(tour(lang).iter().all(|stop| !stop.note.starts_with("demo.")));
        }
    }
}
