//! Groonga with its pairs of characters, built at once over what was loaded, as its manual advises.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::{Asked, Peer, Text};

struct Groonga {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

/// Whether the program is installed.
pub fn is_there() -> bool {
    let version = Command::new("groonga").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

pub fn build(dir: &Path, texts: Vec<Text>) -> Box<dyn Peer> {
    let db = dir.join("db");
    // It ends before it is asked, so that its time counts among that of ended children.
    let mut loader = Command::new("groonga")
        .args(["-n"])
        .arg(&db)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("groonga starts");
    {
        let mut to = BufWriter::new(loader.stdin.take().expect("its input"));
        let mut line = |text: String| writeln!(to, "{text}").expect("it reads");
        line("table_create Posts TABLE_NO_KEY".into());
        line("column_create Posts time COLUMN_SCALAR Time".into());
        line("column_create Posts text COLUMN_SCALAR LongText".into());
        line("load --table Posts".into());
        line("[[\"time\",\"text\"]".into());
        for post in texts {
            let secs = post.micros as f64 / 1e6;
            line(format!(",[{secs:.6},{}]", serde_json::json!(post.body)));
        }
        line("]".into());
        let terms = "--default_tokenizer TokenBigram --normalizer NormalizerAuto";
        line(format!("table_create Terms TABLE_PAT_KEY ShortText {terms}"));
        line("column_create Terms posts COLUMN_INDEX|WITH_POSITION Posts text".into());
    }
    assert!(loader.wait().expect("groonga ends").success());
    let mut child = Command::new("groonga")
        .arg(&db)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("groonga starts");
    let to = child.stdin.take().expect("its input");
    let from = BufReader::new(child.stdout.take().expect("its output"));
    Box::new(Groonga { child, to, from })
}

impl Peer for Groonga {
    /// Hits, and the time it tells itself.
    fn ask(&mut self, asked: &Asked) -> (u64, f64) {
        let quoted = |words: &[String], between: &str| {
            words.iter().map(|w| format!("\\\"{w}\\\"")).collect::<Vec<_>>().join(between)
        };
        let mut query = quoted(&asked.all, " ");
        if !asked.any.is_empty() {
            let _ = write!(query, " ({})", quoted(&asked.any, " OR "));
        }
        if let Some(not) = &asked.not {
            let _ = write!(query, " -\\\"{not}\\\"");
        }
        let order = "--sort_keys -time --limit 20 --output_columns _id --cache no";
        writeln!(self.to, "select Posts --match_columns text --query \"{}\" {order}", query.trim())
            .expect("it reads");
        let mut line = String::new();
        self.from.read_line(&mut line).expect("it answers");
        let answer: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(answer[0][0], 0, "{line}");
        let hits = answer[1][0][0][0].as_u64().expect("a count");
        (hits, answer[0][2].as_f64().expect("its time"))
    }
}

impl Drop for Groonga {
    fn drop(&mut self) {
        // It ends by itself once its input is closed; nobody waits for it at the end of a bench.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
