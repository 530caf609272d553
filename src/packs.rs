//! Packs: home pages by trade and place, from which sources are found.
//!
//! In: the packs that are shipped (`config/packs`), and those of the enterprise's own in `packs/` beside its config.
//! Out: sites with channel and rank. A pack promises no address: each is looked at by discovery when it is
//! chosen. Platforms stand in it as routes of a feed gateway, which the enterprise runs itself.

use std::path::{Path, PathBuf};

use pipelines::locale::Lang;
use pipelines::record::{Channel, Trust};
use serde::Deserialize;
use url::Url;

/// The packs that come with the program.
const SHIPPED: [(&str, &str); 5] = [
    ("media.toml", include_str!("../config/packs/media.toml")),
    ("gov.toml", include_str!("../config/packs/gov.toml")),
    ("mining.toml", include_str!("../config/packs/mining.toml")),
    ("power.toml", include_str!("../config/packs/power.toml")),
    ("hot.toml", include_str!("../config/packs/hot.toml")),
];

/// Sites of one trade.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// What it is asked for by.
    pub id: String,
    /// Shown in Chinese.
    pub name: String,
    /// Shown in English; the Chinese one where there is none.
    #[serde(default)]
    pub name_en: String,
    /// Its sites.
    #[serde(default, rename = "site")]
    pub sites: Vec<Site>,
}

/// One site.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// As it is called.
    pub name: String,
    /// Its home page.
    pub url: Option<String>,
    /// Instead of a home page: a path of the feed gateway.
    pub route: Option<String>,
    /// Its channel.
    pub channel: Channel,
    /// How far its word carries.
    pub trust: Trust,
    /// Provinces it writes for; none: the whole country.
    #[serde(default)]
    pub places: Vec<String>,
}

/// A pack that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// A file or folder that cannot be read.
    #[error("cannot read `{file}`: {why}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
    /// A site without one good address.
    #[error(
        "`{file}`: site `{site}` needs an http address in `url`, or a path in `route`, and one of them alone"
    )]
    Address {
        /// In which pack.
        file: String,
        /// Which site.
        site: String,
    },
    /// Two sites of one address, or two packs of one id.
    #[error("`{file}`: `{what}` stands there twice")]
    Twice {
        /// In which pack.
        file: String,
        /// What.
        what: String,
    },
}

impl PackError {
    /// For an officer.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::Unreadable { file, why } => {
                lang.fill("cli.pack.unreadable", &[("file", file), ("why", why)])
            }
            Self::Address { file, site } => {
                lang.fill("cli.pack.address", &[("file", file), ("site", site)])
            }
            Self::Twice { file, what } => {
                lang.fill("cli.pack.twice", &[("file", file), ("what", what)])
            }
        }
    }
}

impl Pack {
    /// Its name in a language.
    #[must_use]
    pub fn shown(&self, lang: Lang) -> &str {
        if lang == Lang::En && !self.name_en.is_empty() { &self.name_en } else { &self.name }
    }
}

impl Site {
    /// Whether it is wanted for `place`: sites of the whole country always are.
    #[must_use]
    pub fn serves(&self, place: Option<&str>) -> bool {
        let Some(place) = place else { return true };
        let place = place.trim_end_matches(['省', '市']);
        self.places.is_empty()
            || self.places.iter().any(|p| p.starts_with(place) || place.starts_with(p.as_str()))
    }

    /// Where it is asked: its home page, or its route on the gateway; none for a route without a gateway.
    #[must_use]
    pub fn address(&self, gateway: &str) -> Option<String> {
        match &self.route {
            None => self.url.clone(),
            Some(_) if gateway.is_empty() => None,
            Some(route) => Some(format!("{}{route}", gateway.trim_end_matches('/'))),
        }
    }
}

/// All packs: the shipped ones, and those in `packs/` of `folder`, which go before them under the same id.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn all(folder: Option<&Path>) -> Result<Vec<Pack>, Vec<PackError>> {
    let (mut packs, mut errors) = (Vec::new(), Vec::new());
    let mut take = |read: Result<Pack, PackError>| match read {
        Ok(pack) => packs.push(pack),
        Err(error) => errors.push(error),
    };
    for path in folder.map(own_files).unwrap_or_default() {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path);
        let unreadable = |why: std::io::Error| PackError::Unreadable {
            file: file.clone(),
            why: why.to_string(),
        };
        take(text.map_err(unreadable).and_then(|text| read(&file, &text)));
    }
    SHIPPED.iter().for_each(|(file, text)| take(read(file, text)));
    let mut seen = std::collections::HashSet::new();
    packs.retain(|pack: &Pack| seen.insert(pack.id.clone()));
    if errors.is_empty() { Ok(packs) } else { Err(errors) }
}

/// The files in `packs/`, in the order of their names; none where there is no such folder.
fn own_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.join("packs")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    files
}

/// One pack.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(file: &str, text: &str) -> Result<Pack, PackError> {
    let unreadable = |why: toml::de::Error| PackError::Unreadable {
        file: file.to_owned(),
        why: why.to_string(),
    };
    let pack: Pack = toml::from_str(text).map_err(unreadable)?;
    let mut seen = std::collections::HashSet::new();
    for site in &pack.sites {
        let is_page = |url: &String| {
            Url::parse(url)
                .is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.host().is_some())
        };
        let is_good = match (&site.url, &site.route) {
            (Some(url), None) => is_page(url),
            (None, Some(route)) => route.starts_with('/'),
            _ => false,
        };
        if !is_good {
            return Err(PackError::Address { file: file.to_owned(), site: site.name.clone() });
        }
        let address = site.url.clone().or(site.route.clone()).unwrap_or_default();
        if !seen.insert(address.clone()) {
            return Err(PackError::Twice { file: file.to_owned(), what: address });
        }
    }
    Ok(pack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_pack_can_be_used() {
        let packs = all(None).unwrap();
        assert_eq!(packs.len(), SHIPPED.len());
        for pack in &packs {
            assert!(!pack.sites.is_empty() && !pack.name_en.is_empty(), "{}", pack.id);
            let names: std::collections::HashSet<_> =
                pack.sites.iter().map(|site| &site.name).collect();
            assert_eq!(names.len(), pack.sites.len(), "{}: a name twice", pack.id);
        }
        let mining = packs.iter().find(|pack| pack.id == "mining").unwrap();
        let shanxi = mining.sites.iter().filter(|site| site.serves(Some("山西省"))).count();
        let other = mining.sites.iter().filter(|site| site.serves(Some("贵州"))).count();
        assert!(shanxi > other && other > 10, "{shanxi} {other}");
    }

    #[test]
    fn a_bad_pack_says_what_is_wrong() {
        let head = "id = \"a\"\nname = \"甲\"\n[[site]]\nname = \"乙\"\nchannel = \"news\"\ntrust = \"high\"\n";
        let site = |rest: &str| read("own.toml", &format!("{head}{rest}")).unwrap_err();
        assert!(matches!(site(""), PackError::Address { .. }));
        assert!(matches!(site("url = \"ftp://x.example\"\n"), PackError::Address { .. }));
        assert!(matches!(
            site("url = \"https://x.example\"\nroute = \"/a\"\n"),
            PackError::Address { .. }
        ));
        assert!(matches!(site("ulr = \"https://x.example\"\n"), PackError::Unreadable { .. }));
        assert!(site("route = \"weibo\"\n").render(Lang::Zh).contains("乙"));
    }

    #[test]
    fn a_route_is_asked_of_the_gateway_alone() {
        let text = "id=\"a\"\nname=\"甲\"\n[[site]]\nname=\"乙\"\nroute=\"/weibo/hot\"\nchannel=\"weibo\"\ntrust=\"low\"\n";
        let pack = read("own.toml", text).unwrap();
        assert_eq!(pack.sites[0].address(""), None);
        assert_eq!(
            pack.sites[0].address("http://10.0.0.5:1200/").as_deref(),
            Some("http://10.0.0.5:1200/weibo/hot")
        );
    }
}
