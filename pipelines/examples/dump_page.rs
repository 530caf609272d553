//! Shows what is read of saved pages: one after the other, each field and the text.
//!
//! ```text
//! cargo run --release --example dump_page -- page.html [URL]
//! ```

use pipelines::extract::{self, ReadOptions};
use pipelines::record::{Page, SourceId, Verdict};

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let path =
        args.next().unwrap_or_else(|| "pipelines/tests/golden/article/source.html".to_owned());
    let body = std::fs::read(path)?;
    let url = args.next().unwrap_or_default();
    let now = chrono::Utc::now();
    let page = Page {
        url: url.clone(),
        requested_url: url,
        source: SourceId::default(),
        status: 200,
        headers: Vec::new(),
        body,
        fetched_at: now,
        sha256: [0; 32],
    };
    println!("kind: {:?}", extract::page_kind(&extract::decode(&page.body, None).text));
    match extract::read_page(&page, &ReadOptions::new(now)) {
        Verdict::Drop(reason) => println!("dropped: {}", reason.as_str()),
        Verdict::Keep(found) => {
            println!("title: {:?}\npublished: {:?}", found.title, found.published);
            println!(
                "author: {:?} outlet: {:?} origin: {:?}",
                found.author, found.outlet, found.origin
            );
            println!("issues: {:?}\n{}", found.issues, found.text.unwrap_or_default());
            for comment in found.comments {
                println!("> {}", comment.text);
            }
        }
    }
    Ok(())
}
