//! Where the console may be reached from, and how: what `[station]` says of it, held together.
//!
//! In: the station's settings. Out: what is wrong with them, key by key. A console that other machines reach has TLS
//! of its own or a proxy that is named, and a name that browsers ask for; anything else is refused.

use std::net::IpAddr;

use url::Url;

use super::Station;
use super::problem::Fault;

/// The faults, each with the key it belongs to.
pub(super) fn faults(station: &Station) -> Vec<(&'static str, String, Fault)> {
    let mut found = Vec::new();
    let has = |path: &std::path::Path| !path.as_os_str().is_empty();
    let (cert, key) = (has(&station.tls_cert), has(&station.tls_key));
    let is_open = !station.listen.ip().is_loopback();
    if cert != key {
        let given = if cert { "tls_cert" } else { "tls_key" };
        found.push((given, String::new(), Fault::HalfTls));
    }
    if !station.proxy.is_empty() && station.proxy.parse::<IpAddr>().is_err() {
        found.push(("proxy", station.proxy.clone(), Fault::BadProxy));
    }
    if is_open && !(cert || key) && station.proxy.is_empty() {
        found.push(("listen", station.listen.to_string(), Fault::OpenListen));
    } else if station.is_reached_from_afar() && station.origin().is_none() {
        let key = if station.public_url.is_empty() { "listen" } else { "public_url" };
        found.push((key, station.public_url.clone(), Fault::BadPublicUrl));
    }
    found
}

impl Station {
    /// Whether other machines reach the console: directly, or by a proxy. Then nobody comes in without a login.
    #[must_use]
    pub fn is_reached_from_afar(&self) -> bool {
        !self.listen.ip().is_loopback() || !self.proxy.is_empty()
    }

    /// Whether the console has TLS of its own.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        !self.tls_cert.as_os_str().is_empty() && !self.tls_key.as_os_str().is_empty()
    }

    /// What browsers ask for where other machines reach the console: `https://name` or `https://name:port`; none
    /// where `public_url` is not of that form.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let url = Url::parse(&self.public_url).ok()?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_plain = url.username().is_empty() && url.password().is_none();
        (url.scheme() == "https" && is_bare && is_plain).then(|| url.origin().ascii_serialization())
    }
}
