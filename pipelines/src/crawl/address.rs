//! Addresses of pages in one form, so that the same post is stored once.
//!
//! In: an address as found in a feed, list or page. Out: the canonical address: lower-case host in
//! punycode, no default port, no user info, no fragment (client-side routes `#/…` and `#!…` stay: they
//! name the page), no tracking or session parameters, no
//! parameters that carry a phone or identity number, percent signs in one form. What it refuses to do:
//! sort parameters, cut `index.html`, or change `http` to `https`: on some site each of these names
//! another page, and two addresses of one post are met again by the content hash. Idempotent.

use url::Url;

/// Longest address that is taken, in bytes; longer ones are session traps, not posts.
pub const MAX_ADDRESS_BYTES: usize = 4096;

/// Why a text is not the address of a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not parse.
    #[error("`{0}` is not an address: {1}")]
    Malformed(String, String),
    /// Something other than http or https.
    #[error("`{0}` is not a web address: scheme `{1}`")]
    NotHttp(String, String),
    /// Longer than [`MAX_ADDRESS_BYTES`].
    #[error("address of {0} bytes is longer than {MAX_ADDRESS_BYTES}")]
    TooLong(usize),
}

/// Parameters that never name a page, whatever the site: campaign tags, click ids, share marks, sessions.
/// Chosen from the rules of ClearURLs for all sites and from what Chinese share buttons append.
const NEVER_NAMES_A_PAGE: &[&str] = &[
    // campaigns and click ids
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "_openstat",
    "wickedid",
    "otc",
    "ml_subscriber",
    "ml_subscriber_hash",
    "mkt_tok",
    "vero_id",
    "oly_anon_id",
    "oly_enc_id",
    "_hsenc",
    "_hsmi",
    "rb_clickid",
    "ns_source",
    "ns_mchannel",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "sr_share",
    "__s",
    "wt_mc_o",
    "wt_zmc",
    "wtrid",
    "mtm_campaign",
    "mtm_cid",
    "mtm_content",
    "mtm_group",
    "mtm_keyword",
    "mtm_medium",
    "mtm_placement",
    "mtm_source",
    "yadclid",
    "ymclid",
    "srsltid",
    // Baidu Tongji, Alibaba, Bilibili, Sogou, share buttons
    "hmsr",
    "hmpl",
    "hmcu",
    "hmkw",
    "hmci",
    "bd_vid",
    "spm",
    "spm_id_from",
    "scm",
    "vd_source",
    "wfr",
    "wxfid",
    "nsukey",
    "isappinstalled",
    "share_token",
    "share_source",
    "share_medium",
    "share_plat",
    "share_session_id",
    "share_tag",
    "share_from",
    "share_times",
    "share_uid",
    "sharesource",
    "sharefrom",
    "share_app_id",
    "weibo_id",
    "sudaref",
    "tt_from",
    "wxshare_count",
    "wxshare",
    "clicktime",
    "enterid",
    "is_from_webapp",
    // sessions
    "jsessionid",
    "phpsessid",
    "aspsessionid",
    "asp.net_sessionid",
    "cfid",
    "cftoken",
];

/// `from=` is a parameter of meaning on some sites; only these values are share marks.
const SHARE_MARKS: &[&str] = &[
    "timeline",
    "singlemessage",
    "groupmessage",
    "appmessage",
    "share",
    "weibo",
    "wechat",
    "weixin",
    "qq",
    "qzone",
    "rss",
    "sharetoqq",
    "sharetowx",
    "androidqq",
    "iosqq",
];

/// Parameters that carry a person's number rather than name a page, where the value is one (eleven digits or more).
const PERSONAL: &str = "tel telephone telno phone phoneno phonenumber phone_number mobile mobileno mobilephone \
    cellphone shouji idcard id_card idcardno idno id_no sfz sfzh zjhm bankcard bank_card cardno";

/// Site → parameters that do not name a page there.
const ON_SITE: &[(&str, &[&str])] = &[
    ("36kr.com", &["f"]),
    ("huxiu.com", &["f"]),
    ("weibo.com", &["type", "refer_flag", "ref"]),
    ("zhihu.com", &["utm_psn", "utm_oi"]),
    ("toutiao.com", &["app", "timestamp", "use_new_style", "req_id", "group_id", "log_from"]),
    ("163.com", &["f", "referFrom", "clickfrom"]),
    ("sohu.com", &["_f", "_trans_", "pvid", "code"]),
    ("sina.com.cn", &["vt", "cid", "wm"]),
    ("cls.cn", &["os", "sv", "app"]),
];

/// The canonical form of `address`.
///
/// # Errors
/// [`AddressError`] when it is not an absolute http(s) address or too long.
pub fn canonical_url(address: &str) -> Result<String, AddressError> {
    let url = parse(address)?;
    Ok(canonical(&url))
}

/// The canonical form of `href` as written on the page at `base`.
///
/// # Errors
/// As [`canonical_url`]; `javascript:`, `mailto:` and the like are [`AddressError::NotHttp`].
pub fn canonical_link(base: &Url, href: &str) -> Result<String, AddressError> {
    let href = href.trim();
    too_long(href)?;
    let url = base.join(href).map_err(|e| malformed(href, e))?;
    http_only(&url, href)?;
    Ok(canonical(&url))
}

/// An absolute http(s) address as a [`Url`].
///
/// # Errors
/// As [`canonical_url`].
pub fn parse(address: &str) -> Result<Url, AddressError> {
    let address = address.trim();
    too_long(address)?;
    let url = Url::parse(address).map_err(|e| malformed(address, e))?;
    http_only(&url, address)?;
    Ok(url)
}

/// The host without `www.`: how a site is named in lists. Empty where there is none.
#[must_use]
pub fn site_of(address: &str) -> String {
    let host = Url::parse(address).ok().and_then(|u| u.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(&host).to_owned()
}

fn too_long(address: &str) -> Result<(), AddressError> {
    if address.len() > MAX_ADDRESS_BYTES {
        return Err(AddressError::TooLong(address.len()));
    }
    Ok(())
}

fn malformed(address: &str, error: url::ParseError) -> AddressError {
    AddressError::Malformed(address.chars().take(120).collect(), error.to_string())
}

fn http_only(url: &Url, address: &str) -> Result<(), AddressError> {
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return Ok(());
    }
    Err(AddressError::NotHttp(address.chars().take(120).collect(), url.scheme().to_owned()))
}

fn canonical(url: &Url) -> String {
    let mut url = url.clone();
    if !url.fragment().is_some_and(|f| f.starts_with('/') || f.starts_with('!')) {
        url.set_fragment(None);
    }
    // An http URL with a host takes these; a refusal leaves the part as it was.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some(host) = url.host_str().and_then(|h| h.strip_suffix('.')).map(str::to_owned) {
        let _ = url.set_host(Some(&host));
    }
    let path = one_percent_form(strip_session_path(url.path()));
    url.set_path(&path);
    let query = url.query().map(|q| kept_query(&url, q));
    url.set_query(query.as_deref().filter(|q| !q.is_empty()));
    url.into()
}

/// `/a;jsessionid=1F3…` without the session.
fn strip_session_path(path: &str) -> &str {
    let lower = path.to_ascii_lowercase();
    lower.find(";jsessionid=").map_or(path, |at| &path[..at])
}

fn kept_query(url: &Url, query: &str) -> String {
    let host = url.host_str().unwrap_or_default();
    let site: Vec<&str> = ON_SITE
        .iter()
        .filter(|(name, _)| is_on_site(host, name))
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    let wechat = host == "mp.weixin.qq.com" && query.contains("__biz=") && query.contains("sn=");
    let kept: Vec<String> = query
        .split('&')
        .filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if wechat {
                return matches!(name, "__biz" | "mid" | "idx" | "sn");
            }
            !pair.is_empty() && !is_noise(name, value) && !site.contains(&name)
        })
        .map(one_percent_form)
        .collect();
    kept.join("&")
}

fn is_noise(name: &str, value: &str) -> bool {
    let name = one_percent_form(name).to_ascii_lowercase();
    let session_like = value.len() >= 24 && value.bytes().all(|b| b.is_ascii_alphanumeric());
    name.starts_with("utm_")
        || name.starts_with("hmsr_")
        || NEVER_NAMES_A_PAGE.contains(&name.as_str())
        || (name == "from" && SHARE_MARKS.contains(&value.to_ascii_lowercase().as_str()))
        || (PERSONAL.split_whitespace().any(|word| word == name)
            && value.bytes().filter(u8::is_ascii_digit).count() >= 11)
        || (matches!(name.as_str(), "sid" | "sessionid" | "session_id" | "s") && session_like)
}

/// Whether `host` is `site` or lies under it.
#[must_use]
pub fn is_on_site(host: &str, site: &str) -> bool {
    host == site || host.strip_suffix(site).is_some_and(|rest| rest.ends_with('.'))
}

/// `%e4` → `%E4`, `%61` → `a`: hex in upper case, unreserved characters bare (RFC 3986, 6.2.2), but for those that would make
/// a code of a `%` that stands alone before them (`%%30a`).
fn one_percent_form(text: impl AsRef<str>) -> String {
    let bytes = text.as_ref().as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut alone) = (0, None);
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten().and_then(hex);
        match code {
            Some(byte)
                if (byte.is_ascii_alphanumeric() || b"-_~".contains(&byte))
                    && alone.is_none_or(|alone| out.len() - alone > 2) =>
            {
                out.push(byte);
                at += 3;
            }
            Some(byte) => {
                out.extend_from_slice(format!("%{byte:02X}").as_bytes());
                at += 3;
            }
            None => {
                if bytes[at] == b'%' {
                    alone = Some(out.len());
                }
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.as_ref().to_owned())
}

fn hex(two: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok().filter(|_| two[0] != b'+')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(address: &str, expected: &str) {
        assert_eq!(canonical_url(address).unwrap(), expected, "{address}");
    }

    #[test]
    fn one_post_has_one_address() {
        for (address, expected) in [
            ("HTTP://News.Example.CN:80/a/1.html#top", "http://news.example.cn/a/1.html"),
            ("https://example.cn:443/a?", "https://example.cn/a"),
            ("https://example.cn?utm_source=rss&id=7&utm_medium=x", "https://example.cn/?id=7"),
            ("https://矿业.中国/新闻", "https://xn--vhq343h.xn--fiqs8s/%E6%96%B0%E9%97%BB"),
            ("https://example.cn/%e6%96%B0?k=%7E%61", "https://example.cn/%E6%96%B0?k=~a"),
            ("https://example.cn/t/1?from=timeline&isappinstalled=0", "https://example.cn/t/1"),
            ("https://example.cn/t/1?from=2026-01-01", "https://example.cn/t/1?from=2026-01-01"),
            ("https://example.cn/v.do;jsessionid=0A1?id=3", "https://example.cn/v.do?id=3"),
            ("https://example.cn/#/detail?id=5", "https://example.cn/#/detail?id=5"),
            ("https://user:secret@example.cn./x", "https://example.cn/x"),
            ("https://www.36kr.com/newsflashes/1?f=rss", "https://www.36kr.com/newsflashes/1"),
            ("https://example.cn/index.html?b=2&a=1", "https://example.cn/index.html?b=2&a=1"),
            (
                "https://mp.weixin.qq.com/s?__biz=M&mid=2&idx=1&sn=ab&chksm=9&scene=27",
                "https://mp.weixin.qq.com/s?__biz=M&mid=2&idx=1&sn=ab",
            ),
            ("https://example.cn/s?k=%BF%F3%C9%BD", "https://example.cn/s?k=%BF%F3%C9%BD"),
            (
                "https://example.cn/a?id=13800001234&Mobile=13800001234",
                "https://example.cn/a?id=13800001234",
            ),
            ("https://example.cn/a?phone=x15", "https://example.cn/a?phone=x15"),
            ("https://example.cn/%%30a", "https://example.cn/%%30a"),
            ("https://example.cn/%a%30%31", "https://example.cn/%a%301"),
        ] {
            check(address, expected);
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for address in ["", "新闻", "javascript:void(0)", "mailto:a@example.cn", "http://", "/a/b"]
        {
            assert!(canonical_url(address).is_err(), "{address}");
        }
        let long = format!("https://example.cn/{}", "a".repeat(MAX_ADDRESS_BYTES));
        assert!(matches!(canonical_url(&long), Err(AddressError::TooLong(_))));
    }

    #[test]
    fn links_are_read_from_the_place_of_the_page() {
        let base = Url::parse("https://example.cn/news/list.html").unwrap();
        assert_eq!(canonical_link(&base, " ./2.html ").unwrap(), "https://example.cn/news/2.html");
        assert_eq!(canonical_link(&base, "//m.example.cn/3").unwrap(), "https://m.example.cn/3");
        assert!(canonical_link(&base, "javascript:;").is_err());
    }

    proptest! {
        #[test]
        fn canonical_form_is_a_fixed_point(
            path in "[a-z%0-9A-F./;=矿~ ]{0,24}", query in "[a-z=&%0-9A-Fs_ut矿山+]{0,30}", frag in "[#/!a-z]{0,6}"
        ) {
            if let Ok(once) = canonical_url(&format!("https://例子.cn./{path}?{query}#{frag}")) {
                prop_assert_eq!(canonical_url(&once).unwrap(), once);
            }
        }

        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            if let Ok(once) = canonical_url(&text) {
                prop_assert_eq!(canonical_url(&once).unwrap(), once);
            }
        }
    }
}
