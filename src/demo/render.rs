//! From what a demo site says to the answers it gives: paths with status, type and bytes.
//!
//! In: a site, the address it is reached at, a clock reading. Out: every answer, made once. Refuses a template
//! that does not fit; opens no socket.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde_json::json;

use super::content::{Behaviour, ContentError, Entry, SiteText};
use super::view::{PageView, view};

const LAYOUTS: [(&str, &str); 13] = [
    ("semantic", include_str!("layouts/semantic.html")),
    ("portal", include_str!("layouts/portal.html")),
    ("gov", include_str!("layouts/gov.html")),
    ("forum", include_str!("layouts/forum.html")),
    ("wechat", include_str!("layouts/wechat.html")),
    ("plain", include_str!("layouts/plain.html")),
    ("column", include_str!("layouts/column.html")),
    ("list_portal", include_str!("layouts/list_portal.html")),
    ("list_gov", include_str!("layouts/list_gov.html")),
    ("list_forum", include_str!("layouts/list_forum.html")),
    ("rss", include_str!("layouts/rss.xml")),
    ("atom", include_str!("layouts/atom.xml")),
    ("login", include_str!("layouts/login.html")),
];

/// Pages on one list page of the portal.
const LIST_PAGE: usize = 7;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, or the target of a redirect.
    pub content_type: &'static str,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Served {
    fn good(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, content_type, location: None, body }
    }
}

/// Why a site cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Its data.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// Its template.
    #[error("cannot render demo layout")]
    Layout(#[from] minijinja::Error),
}

/// Every answer of `site` when it is reached at `base` (`http://127.0.0.2:4100`) and started at `now`.
///
/// # Errors
/// A page's age or a template cannot be read.
pub fn render_site(
    site: &SiteText,
    base: &str,
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, Served>, RenderError> {
    let env = environment()?;
    let mut pages = site
        .pages
        .iter()
        .map(|page| view(site, page, base, now))
        .collect::<Result<Vec<_>, ContentError>>()?;
    pages.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.path.cmp(&b.path)));
    let site_value = context! { name => &site.name, section => &site.section, base };
    let mut answers = BTreeMap::new();
    answers.insert(
        "/robots.txt".to_owned(),
        Served::good(
            "text/plain; charset=utf-8",
            b"User-agent: *\nDisallow: /internal/\nDisallow: /login\nDisallow: /member.php\n"
                .to_vec(),
        ),
    );
    let login = env.get_template("login")?.render(context! { site => site_value.clone() })?;
    answers.insert("/login".to_owned(), Served::good("text/html; charset=utf-8", login.into()));
    for page in &pages {
        answers.insert(page.path.clone(), page_answer(&env, site, page, &pages, &site_value)?);
    }
    entry_answers(&env, site, &pages, &site_value, &mut answers)?;
    Ok(answers)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, text) in LAYOUTS {
        env.add_template(name, text)?;
    }
    Ok(env)
}

fn page_answer(
    env: &Environment,
    site: &SiteText,
    page: &PageView,
    pages: &[PageView],
    site_value: &Value,
) -> Result<Served, minijinja::Error> {
    match page.behaviour {
        Behaviour::Broken => Ok(Served {
            status: 500,
            content_type: "text/plain; charset=utf-8",
            location: None,
            body: b"internal server error".to_vec(),
        }),
        Behaviour::Login => Ok(Served {
            status: 302,
            content_type: "text/html; charset=utf-8",
            location: Some("/login".to_owned()),
            body: Vec::new(),
        }),
        Behaviour::Good | Behaviour::Disallowed => {
            let related: Vec<Value> = pages
                .iter()
                .filter(|other| other.path != page.path && other.behaviour == Behaviour::Good)
                .take(4)
                .map(|p| Value::from(Serde(p)))
                .collect();
            let html = env
                .get_template(&site.layout)?
                .render(context! { site => site_value.clone(), page => Serde(page), related })?;
            Ok(match page.charset.as_str() {
                "gbk" => gbk(&html),
                _ => Served::good("text/html; charset=utf-8", html.into()),
            })
        }
    }
}

/// GBK pages leave the charset to their markup, as old sites do.
fn gbk(html: &str) -> Served {
    Served::good("text/html", encoding_rs::GBK.encode(html).0.into_owned())
}

fn entry_answers(
    env: &Environment,
    site: &SiteText,
    pages: &[PageView],
    site_value: &Value,
    answers: &mut BTreeMap<String, Served>,
) -> Result<(), minijinja::Error> {
    let listed = |pages: &[PageView]| -> Vec<Value> {
        pages.iter().map(|p| Value::from(Serde(p))).collect()
    };
    match site.entry {
        Entry::Rss => {
            let full_text = site.key == "hub";
            let xml = env.get_template("rss")?.render(
                context! { site => site_value.clone(), pages => listed(pages), full_text },
            )?;
            answers.insert("/rss.xml".into(), Served::good("application/rss+xml", xml.into()));
        }
        Entry::Atom => {
            let xml = env
                .get_template("atom")?
                .render(context! { site => site_value.clone(), pages => listed(pages) })?;
            answers.insert("/atom.xml".into(), Served::good("application/atom+xml", xml.into()));
        }
        Entry::Json => {
            let body = json_feed(site, pages).into_bytes();
            answers.insert("/feed.json".into(), Served::good("application/feed+json", body));
        }
        Entry::Board => {
            let html = env
                .get_template("list_forum")?
                .render(context! { site => site_value.clone(), pages => listed(pages) })?;
            answers.insert(
                "/forum-37-1.html".into(),
                Served::good("text/html; charset=utf-8", html.into()),
            );
        }
        Entry::List => {
            let layout = if site.layout == "gov" { "list_gov" } else { "list_portal" };
            let chunks: Vec<&[PageView]> = pages.chunks(LIST_PAGE).collect();
            for (i, chunk) in chunks.iter().enumerate() {
                let html = env.get_template(layout)?.render(context! {
                    site => site_value.clone(), pages => listed(chunk), number => i + 1,
                    more => i + 1 < chunks.len(),
                })?;
                let served = match layout {
                    "list_gov" => gbk(&html),
                    _ => Served::good("text/html; charset=utf-8", html.into()),
                };
                answers.insert(format!("/news/list-{}.html", i + 1), served);
            }
        }
    }
    Ok(())
}

fn json_feed(site: &SiteText, pages: &[PageView]) -> String {
    let items: Vec<_> = pages
        .iter()
        .map(|p| {
            json!({
                "id": p.url, "url": p.url, "title": p.title, "date_published": p.iso,
                "authors": [{"name": p.author}],
                "content_html":
                    p.paragraphs.iter().map(|t| format!("<p>{t}</p>")).collect::<String>(),
            })
        })
        .collect();
    json!({"version": "https://jsonfeed.org/version/1.1", "title": site.name, "items": items})
        .to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn rendered(key: &str) -> BTreeMap<String, Served> {
        let now = Utc.with_ymd_and_hms(2026, 1, 15, 3, 0, 0).unwrap();
        let sites = super::super::sites().unwrap();
        let site = sites.iter().find(|s| s.key == key).unwrap();
        render_site(site, "http://127.0.0.1:4100", now).unwrap()
    }

    #[test]
    fn the_notice_is_gbk_and_says_so_only_in_its_markup() {
        let answers = rendered("gov");
        let served = &answers["/zwgk/ggtz/1187.shtml"];
        assert_eq!(served.content_type, "text/html");
        assert!(std::str::from_utf8(&served.body).is_err());
        let (text, _, malformed) = encoding_rs::GBK.decode(&served.body);
        assert!(!malformed && text.contains("三名矿工遇难") && text.contains("charset=gbk"));
    }

    #[test]
    fn every_link_on_every_list_leads_somewhere() {
        for (key, list) in [
            ("portal", "/news/list-1.html"),
            ("portal", "/news/list-2.html"),
            ("finance", "/news/list-1.html"),
            ("gov", "/news/list-1.html"),
            ("forum", "/forum-37-1.html"),
        ] {
            let answers = rendered(key);
            let body = &answers[list].body;
            let html = match key {
                "gov" => encoding_rs::GBK.decode(body).0.into_owned(),
                _ => String::from_utf8(body.clone()).unwrap(),
            };
            let document = scraper::Html::parse_document(&html);
            let links = scraper::Selector::parse("li a, a.ggtitle, a.s.xst").unwrap();
            let targets: Vec<&str> =
                document.select(&links).filter_map(|a| a.value().attr("href")).collect();
            assert!(targets.len() >= 4, "{key}{list}: {targets:?}");
            for target in targets {
                assert!(answers.contains_key(target), "{key}{list} links to {target}");
            }
        }
    }

    #[test]
    fn no_place_is_left_unfilled() {
        for site in super::super::sites().unwrap() {
            for (path, served) in rendered(&site.key) {
                let text = String::from_utf8_lossy(&served.body).into_owned();
                for place in ["{d", "{m", "{y}", "{{"] {
                    assert!(
                        !text.contains(place) || path.ends_with(".json"),
                        "{} {path}: {place}",
                        site.key
                    );
                }
            }
        }
    }
}
