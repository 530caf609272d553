//! Where the crawler may go at all: the guard against being led into private networks.
//!
//! In: an address, a name's DNS answers, a source's lists. Out: which of two clients may ask, or a
//! refusal. Three gates, since each can be walked around alone: address literals are judged here, DNS
//! answers in the resolver of the public client, and both again on every redirect hop. A private address
//! is asked only when the source lists its `host:port` in `allow_private`.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::crawl::address::is_on_site;
use crate::crawl::{SourceConfig, SourceKind};

/// How names become addresses.
#[derive(Clone, Debug, Default)]
pub enum Names {
    /// The system's resolver.
    #[default]
    System,
    /// A fixed table (tests): what is not in it does not exist.
    Table(Arc<HashMap<String, Vec<IpAddr>>>),
}

/// Why a name gave no address that may be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameError {
    #[error("`{0}` has no address: {1}")]
    Unknown(String, String),
    #[error("`{0}` points only at private addresses ({1})")]
    Private(String, IpAddr),
}

/// The resolver handed to reqwest: drops private answers unless it serves the private client.
pub(super) struct GuardedNames {
    pub names: Names,
    pub private_ok: bool,
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, private_ok) = (self.names.clone(), self.private_ok);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = names.look_up(&host).await?;
            let allowed: Vec<SocketAddr> =
                found.iter().filter(|a| private_ok || !is_private(a.ip())).copied().collect();
            if allowed.is_empty() {
                let error = match found.first() {
                    Some(address) => NameError::Private(host, address.ip()),
                    None => NameError::Unknown(host, "empty answer".to_owned()),
                };
                return Err(error.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Names {
    async fn look_up(&self, host: &str) -> Result<Vec<SocketAddr>, NameError> {
        match self {
            Self::System => tokio::net::lookup_host((host, 0))
                .await
                .map(Iterator::collect)
                .map_err(|e| NameError::Unknown(host.to_owned(), e.to_string())),
            Self::Table(table) => table
                .get(host)
                .map(|ips| ips.iter().map(|ip| SocketAddr::new(*ip, 0)).collect())
                .ok_or_else(|| NameError::Unknown(host.to_owned(), "not in the table".to_owned())),
        }
    }
}

/// `host:port` of an address, as written in `allow_private` and used as the key of politeness.
#[must_use]
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or(0))
}

/// Whether `host:port` names the machine we run on: its clock is ours.
pub(super) fn is_this_machine(authority: &str) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    ip.is_some_and(|ip| ip.is_loopback()) || host == "localhost" || host.ends_with(".localhost")
}

/// Whether the source may ask this private place (`host:port`, or `host` for its default port).
pub(super) fn may_ask_private(url: &Url, source: &SourceConfig) -> bool {
    let full = authority(url);
    let bare = url.port().is_none().then(|| url.host_str().unwrap_or_default());
    source.allow_private.iter().any(|entry| *entry == full || Some(entry.as_str()) == bare)
}

/// The private address a URL names literally.
pub(super) fn private_literal(url: &Url) -> Option<IpAddr> {
    let ip = match url.host()? {
        Host::Ipv4(ip) => IpAddr::V4(ip),
        Host::Ipv6(ip) => IpAddr::V6(ip),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let local = name == "localhost" || name.ends_with(".localhost");
            return local.then_some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
    };
    is_private(ip).then_some(ip)
}

/// Whether pages of `source` may lie at `url`: on the hosts of its entry addresses, on those of
/// `allow_hosts`, and under them.
#[must_use]
pub fn is_allowed_host(url: &Url, source: &SourceConfig) -> bool {
    let Some(host) = url.host_str() else { return false };
    source.allow_hosts.iter().any(|site| is_on_site(host, site.trim_start_matches("*.")))
        || entry_addresses(source).iter().any(|entry| {
            // `{page}` may stand in the address of a list, `{word}` in that of a search.
            let parsed = Url::parse(&entry.replace("{page}", "1").replace("{word}", "1")).ok();
            let home = parsed.as_ref().and_then(Url::host_str).unwrap_or_default();
            !home.is_empty() && is_on_site(host, home.strip_prefix("www.").unwrap_or(home))
        })
}

/// Whether `url` names something of `source`'s own: a page on its hosts, or a row that has no address on the web.
#[must_use]
pub fn is_own_address(url: &str, source: &SourceConfig) -> bool {
    let Ok(parsed) = Url::parse(url) else { return true };
    !matches!(parsed.scheme(), "http" | "https") || is_allowed_host(&parsed, source)
}

/// The addresses a source is entered by, as written in config.
#[must_use]
pub fn entry_addresses(source: &SourceConfig) -> Vec<&str> {
    match &source.kind {
        SourceKind::Feed { url, .. }
        | SourceKind::Sitemap { url, .. }
        | SourceKind::Json { url, .. }
        | SourceKind::Search { url, .. } => vec![url],
        SourceKind::List { urls, .. }
        | SourceKind::Board { urls, .. }
        | SourceKind::Pages { urls } => urls.iter().map(String::as_str).collect(),
        SourceKind::Files { .. } | SourceKind::Opml { .. } => Vec::new(),
    }
}

/// Whether `ip` is anything but a public unicast address (IANA special-purpose registries).
#[must_use]
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_private_v4(v4);
    }
    match s[0] {
        // NAT64 and 6to4 carry a v4 address that decides.
        0x64 if s[1] == 0xff9b => s[2] != 0 || embedded(s[6], s[7]),
        0x2002 => embedded(s[1], s[2]),
        // Teredo, documentation, ORCHID and the rest of 2001::/23; 2001:db8::/32.
        0x2001 => s[1] < 0x200 || s[1] == 0xdb8,
        // Documentation, the larger block (RFC 9637).
        0x3fff => s[1] < 0x1000,
        // Only 2000::/3 is global unicast.
        first => first & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ip: &str, private: bool) {
        assert_eq!(is_private(ip.parse().unwrap()), private, "{ip}");
    }

    #[test]
    fn only_public_unicast_is_public() {
        for ip in [
            "127.0.0.1",
            "127.200.3.4",
            "10.1.1.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "::7f00:1",
        ] {
            check(ip, true);
        }
        for ip in [
            "1.1.1.1",
            "114.114.114.114",
            "172.32.0.1",
            "2400:3200::1",
            "3fff:1000::1",
            "64:ff9b::101:101",
        ] {
            check(ip, false);
        }
    }

    #[test]
    fn literals_in_any_spelling_are_seen() {
        for url in [
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://[::1]/",
            "http://localhost/",
            "http://a.localhost:80/",
            "http://017700000001/",
            "http://[::ffff:7f00:1]/",
            "http://①②⑦.0.0.1/",
        ] {
            let url = Url::parse(url).unwrap();
            assert!(private_literal(&url).is_some(), "{url}");
        }
        assert!(private_literal(&Url::parse("http://example.cn/").unwrap()).is_none());
    }
}
