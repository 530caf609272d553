//! The paper of a digest: it has the measures of an official document, as Word and as PDF, and the length a leader reads.
//!
//! Word is measured as LibreOffice sets it, PDF as it is; where a program or a Chinese font is missing, that is said by name.

use std::path::{Path, PathBuf};
use std::process::Command;

use guanlan::engine::digests::fonts;
use guanlan::report::paper::{Block, Head, Paper, Run};
use guanlan::report::{Fonts, render_pdf, render_word};
use guanlan::store::PostRange;
use pipelines::locale::Lang;
use pipelines::record::AnnotatedPost;

use crate::lab::Lab;

/// Word files as PDF, in a folder beside them; nothing where LibreOffice is not there.
fn converted(files: &[PathBuf]) -> Option<PathBuf> {
    let dir = files.first()?.parent()?.join("converted");
    let profile = format!("-env:UserInstallation=file://{}/profile", dir.display());
    let run = Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", "pdf", "--outdir"])
        .arg(&dir)
        .args(files)
        .output();
    match run {
        Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr)),
        Err(_) => {
            eprintln!("passed over: no LibreOffice here, so no page is measured after conversion");
            return None;
        }
    }
    Some(dir)
}

/// The text of each page of a PDF; none where there is no `pdftotext`.
fn pages(file: &Path) -> Option<Vec<String>> {
    let run =
        Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(file).arg("-").output();
    let Ok(run) = run else {
        eprintln!("passed over: no pdftotext here, so no page of a PDF is measured");
        return None;
    };
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    Some(text.split('\u{c}').map(str::to_owned).filter(|page| !page.trim().is_empty()).collect())
}

/// The fonts of this machine; none where no Chinese one is there.
fn found_fonts() -> Option<Fonts> {
    let chosen = fonts::choose(&[]);
    if chosen.is_none() {
        eprintln!("passed over: no Chinese font here, so no PDF is made");
    }
    Some(chosen?.read().unwrap())
}

/// A paper of one text and an appendix of one post.
fn paper(text: &str) -> Paper {
    Paper {
        lang: Lang::Zh,
        title: "版面".into(),
        head: Head {
            unit: "编报".into(),
            day: "2026年11月26日".into(),
            span: "某日".into(),
            ..Head::default()
        },
        body: vec![
            Block::Heading(1, vec![Run::Text("一、要情".into())]),
            Block::Para(vec![Run::Text(text.into()), Run::Mark(1)]),
        ],
        sent: Vec::new(),
        made: "生成".into(),
        made_at: "2026-11-26T00:00:00Z".into(),
        appendix_title: "附件".into(),
        appendix: vec![Block::Line(
            "p1".into(),
            vec![Run::Address("http://demo.invalid/a".into())],
        )],
    }
}

/// A full page has 22 lines of 28 characters.
fn measured(pages: &[String]) {
    assert!(pages.len() >= 4, "{}", pages.len());
    let lines: Vec<&str> =
        pages[1].lines().map(str::trim).filter(|line| line.contains('观')).collect();
    assert_eq!(lines.len(), 22, "lines on a full page");
    assert!(lines.iter().all(|line| line.chars().count() == 28), "{lines:?}");
}

#[test]
fn a_page_of_the_converted_word_file_has_22_lines_of_28_characters() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("page.docx");
    std::fs::write(&file, render_word(&paper(&"观澜知潮察微见著".repeat(400))).unwrap()).unwrap();
    let Some(folder) = converted(&[file]) else { return };
    if let Some(pages) = pages(&folder.join("page.pdf")) {
        measured(&pages);
    }
}

#[test]
fn a_page_of_the_pdf_has_22_lines_of_28_characters_and_is_the_same_each_time() {
    let Some(fonts) = found_fonts() else { return };
    let paper = paper(&"观澜知潮察微见著".repeat(400));
    let bytes = render_pdf(&paper, &fonts).unwrap();
    assert!(bytes.starts_with(b"%PDF-1.7") && bytes.len() < 100_000, "{}", bytes.len());
    assert_eq!(bytes, render_pdf(&paper, &fonts).unwrap());
    let has = |piece: &[u8]| bytes.windows(piece.len()).any(|window| window == piece);
    assert!(has(b"/URI (http://demo.invalid/a)") && has(b"/S /GoTo") && has(b"/Outlines"));
    assert!(has(b"/ToUnicode") && (has(b"/FontFile2") || has(b"/FontFile3")), "embedded");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("page.pdf");
    std::fs::write(&file, bytes).unwrap();
    if let Some(pages) = pages(&file) {
        measured(&pages);
        let first = pages[0].replace(' ', "");
        assert!(first.contains("一、要情") && first.contains("—1—"), "{first}");
    }
}

/// A station with the demo in it, told in Chinese.
struct Station {
    lab: Lab,
    config: PathBuf,
}

impl Station {
    fn new() -> Self {
        let lab = Lab::new();
        let config = lab.data().join("guanlan.toml");
        let station = Self { lab, config };
        let data = station.lab.data();
        station.run(&["--data-dir", data.to_str().unwrap(), "demo", "--keep"]);
        station
    }

    fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new(self.lab.command(&[]).get_program());
        let run =
            command.args(["--lang", "zh"]).args(args).env_remove("RUST_LOG").output().unwrap();
        assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8_lossy(&run.stdout).into_owned()
    }

    /// The files of a digest that is written into `folder`.
    fn written(&self, folder: &Path, args: &[&str]) -> Vec<PathBuf> {
        let place = ["--config", self.config.to_str().unwrap(), "digest", "--out"];
        self.run(&[&place[..], &[folder.to_str().unwrap()], args].concat());
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// The pages before the appendix.
fn before_appendix(file: &Path) -> Option<usize> {
    let pages = pages(file)?;
    let at = pages.iter().position(|page| page.contains("原始信息清单"));
    Some(at.expect("an appendix on a page of its own"))
}

#[test]
fn a_daily_fills_three_pages_at_most_and_a_flash_report_one() {
    let station = Station::new();
    let store = crate::lab::stored(&station.lab.data());
    let mut worst = None;
    let each = &mut |post: AnnotatedPost| {
        let risk = if post.mentions.is_empty() { 0 } else { post.risk.score };
        worst = worst.max(Some((risk, post.story)));
        true
    };
    store.each_post(&PostRange::default(), each).unwrap();
    let story = worst.unwrap().1.to_string();
    let folder = station.lab.data().join("papers");
    // Plain, and with all that a head and an end may have.
    let head = "\n[paper]\nred_head = \"云岭矿业集团舆情日报\"\nunit = \"党委宣传部\"\n\
                send_to = [\"集团主要领导\", \"分管领导\"]\ncopy_to = [\"各二级单位党委\"]\n";
    let mut word = Vec::new();
    for kind in ["plain", "red"] {
        if kind == "red" {
            let config = std::fs::read_to_string(&station.config).unwrap();
            std::fs::write(&station.config, config + head).unwrap();
        }
        let day = ["--period", "day"];
        for (name, most, args) in [("day", 3, day), ("flash", 1, ["--story", &story])] {
            let at = folder.join(format!("{kind}-{name}"));
            for path in station.written(&at, &[&args[..], &["--form", "docx,pdf"]].concat()) {
                if path.extension().is_some_and(|ending| ending == "docx") {
                    let flat = folder.join(format!("{kind}-{name}.docx"));
                    std::fs::copy(&path, &flat).unwrap();
                    word.push((flat, most));
                    continue;
                }
                assert_eq!(path.extension().unwrap(), "pdf", "only what was asked for is written");
                if let Some(count) = before_appendix(&path) {
                    assert!(count <= most, "{kind} {name} as PDF: {count} pages");
                }
            }
        }
    }
    assert_eq!(word.len(), 4);
    let files: Vec<PathBuf> = word.iter().map(|(file, _)| file.clone()).collect();
    let Some(converted) = converted(&files) else { return };
    for (file, most) in word {
        let pdf = converted.join(file.file_stem().unwrap()).with_extension("pdf");
        let Some(count) = before_appendix(&pdf) else { return };
        assert!(count <= most, "{} as Word: {count} pages", file.display());
    }
}
