//! What is stored is found again, and one changed byte is seen.

use proptest::prelude::*;

use super::*;

fn page(url: &str, body: &[u8]) -> Page {
    Page {
        url: url.to_owned(),
        requested_url: url.to_owned(),
        source: "yunling".into(),
        status: 200,
        headers: vec![
            ("content-type".into(), "text/html; charset=gbk".into()),
            ("content-length".into(), "1".into()),
        ],
        sha256: Sha256::digest(body).into(),
        body: body.to_vec(),
        fetched_at: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
    }
}

#[test]
fn records_are_found_again_across_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(dir.path(), 600, "guanlan test").unwrap();
    let pages: Vec<Page> = (0..6)
        .map(|n| {
            page(&format!("https://example.cn/{n}"), format!("<p>云岭矿业 {n}</p>").as_bytes())
        })
        .collect();
    let places: Vec<Location> = pages.iter().map(|p| writer.append(p).unwrap()).collect();
    writer.sync().unwrap();
    assert!(places.iter().any(|p| p.file != places[0].file), "rotated");
    for (page, place) in pages.iter().zip(&places).rev() {
        let read = read_at(dir.path(), place).unwrap().into_page(&page.source).unwrap();
        assert_eq!((read.url, read.body, read.status), (page.url.clone(), page.body.clone(), 200));
        assert_eq!(read.fetched_at, page.fetched_at);
    }
}

#[test]
fn a_restart_begins_a_new_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = || {
        let mut writer = Writer::new(dir.path(), 1 << 20, "guanlan test").unwrap();
        writer.append(&page("https://example.cn/", b"x")).unwrap()
    };
    assert_ne!(store().file, store().file);
}

#[test]
fn each_day_has_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(dir.path(), 1 << 20, "guanlan test").unwrap();
    let first = page("https://example.cn/1", b"one");
    let next_day =
        Page { fetched_at: first.fetched_at + chrono::TimeDelta::days(1), ..first.clone() };
    let places = [&first, &first, &next_day].map(|page| writer.append(page).unwrap());
    assert_eq!(places[0].file, places[1].file);
    assert_ne!(places[1].file, places[2].file);
    assert_eq!(writer.current(), Some(places[2].file.as_str()));
}

#[test]
fn wherever_a_file_is_cut_the_whole_members_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(dir.path(), 1 << 20, "guanlan test").unwrap();
    let first = writer.append(&page("https://example.cn/1", b"one")).unwrap();
    let last = writer.append(&page("https://example.cn/2", b"two")).unwrap();
    let path = dir.path().join(&first.file);
    let bytes = std::fs::read(&path).unwrap();
    for cut in first.offset..=bytes.len() as u64 {
        std::fs::write(&path, &bytes[..cut as usize]).unwrap();
        let whole = [first.offset, last.offset, last.offset + last.length];
        let expected = whole.into_iter().filter(|end| *end <= cut).max();
        assert_eq!(sound_length(&path, 0).ok(), expected, "cut at {cut}");
        assert_eq!(
            sound_length(&path, first.offset).ok(),
            expected,
            "cut at {cut}, from the first"
        );
    }
}

#[test]
fn a_cut_end_loses_only_the_last_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(dir.path(), 1 << 20, "guanlan test").unwrap();
    let first = writer.append(&page("https://example.cn/1", b"one")).unwrap();
    let last = writer.append(&page("https://example.cn/2", b"two")).unwrap();
    let path = dir.path().join(&first.file);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    assert!(read_at(dir.path(), &first).is_ok());
    assert!(read_at(dir.path(), &last).is_err());
    let read: Vec<_> = Reader::open(&path).unwrap().collect();
    assert_eq!(read.iter().filter(|r| r.is_ok()).count(), 2, "warcinfo and the first page");
    assert!(read.last().unwrap().is_err());
}

#[test]
fn others_files_are_read_too() {
    let http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n\
                5\r\n<p>a<\r\n3\r\n/p>\r\n0\r\n\r\n";
    let record = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <http://example.cn/>\r\n\
         WARC-Date: 2019-05-01T00:00:00Z\r\nContent-Type: application/http\r\nContent-Length: {}\r\n\r\n{http}\r\n\r\n",
        http.len()
    );
    let noise = "WARC/1.0\r\nWARC-Type: request\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n";
    let records: Vec<Record> = Reader::of_bytes(format!("{noise}{record}{noise}").into_bytes())
        .map(Result::unwrap)
        .collect();
    assert_eq!(records.len(), 3);
    let page = records[1].clone().into_page(&"a".into()).unwrap();
    assert_eq!((page.url.as_str(), page.body.as_slice()), ("http://example.cn/", &b"<p>a</p>"[..]));
    assert_eq!(records[0].clone().into_page(&"a".into()), None);
}

#[test]
fn base32_is_that_of_the_rfc() {
    assert_eq!(base32(b"foobar"), "MZXW6YTBOI======");
    assert_eq!(base32(b""), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn one_flipped_byte_is_found(place in any::<prop::sample::Index>(), bit in 0u8..8, body in "[a-z矿山]{0,200}") {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(dir.path(), 1 << 20, "guanlan test").unwrap();
        let location = writer.append(&page("https://example.cn/1", body.as_bytes())).unwrap();
        let path = dir.path().join(&location.file);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = location.offset as usize + place.index(location.length as usize);
        bytes[at] ^= 1 << bit;
        std::fs::write(&path, bytes).unwrap();
        prop_assert!(read_at(dir.path(), &location).is_err());
    }

    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut start = b"WARC/1.1\r\n".to_vec();
        start.extend(&bytes);
        prop_assert!(Reader::of_bytes(start).count() <= 400);
        prop_assert!(Reader::of_bytes(bytes).count() <= 400);
    }
}
