//! Exports as officers have them: Chinese headers, GBK, broken rows.

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn check(
    name: &str,
    bytes: &[u8],
    format: FileFormat,
    map: &str,
    expected: &[Result<(&str, &str), u64>],
) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let map = parse_map(map).unwrap();
    let opened = read_file(&path, format, &map, &"export".into(), now()).unwrap();
    let got: Vec<Result<(String, String), u64>> = opened
        .records
        .map(|record| match record {
            Ok(FileRecord::Row(row)) => {
                let name = row.url.or(row.id).unwrap_or_default();
                Ok((name, row.found.text.or(row.found.title).unwrap()))
            }
            Ok(FileRecord::Page(page)) => {
                Ok((page.url.clone(), String::from_utf8(page.body).unwrap()))
            }
            Err(error) => Err(error.row),
        })
        .collect();
    let expected: Vec<_> =
        expected.iter().map(|r| r.map(|(a, b)| (a.to_owned(), b.to_owned()))).collect();
    assert_eq!(got, expected, "{name}");
}

#[test]
fn json_lines_with_a_map() {
    let text = "{\"n\":7,\"t\":\"搅拌站扰民\",\"posted\":\"2026-11-20 08:00:00\"}\n\nnot json\n{\"n\":8}\n\
                {\"n\":9,\"t\":\"拖欠工资\",\"posted\":\"不详\"}";
    let map = "id=n,text=t,published_at=posted";
    let expected = [Ok(("7", "搅拌站扰民")), Err(3), Err(4), Ok(("9", "拖欠工资"))];
    check("a.jsonl", text.as_bytes(), FileFormat::Jsonl, map, &expected);
}

#[test]
fn csv_from_a_chinese_office_is_gbk() {
    let text = "序号,标题,正文,发布时间,链接\r\n1,通报,\"云岭矿业，今日\n复产\",2026-11-20,https://example.cn/1\r\n\
                2,无正文无地址,,,\r\n3,多,一,2026-1-1,https://example.cn/3,x\r\n";
    let (bytes, _, _) = encoding_rs::GBK.encode(text);
    let expected = [Ok(("https://example.cn/1", "云岭矿业，今日\n复产")), Err(3), Err(4)];
    check("a.csv", &bytes, FileFormat::Csv, "", &expected);
}

#[test]
fn saved_pages_say_where_they_came_from() {
    let page = "<!-- saved from url=(0024)https://example.cn/a.html?utm_source=x --><p>矿</p>";
    let expected = [Ok(("https://example.cn/a.html", page))];
    check("a.html", page.as_bytes(), FileFormat::Html, "", &expected);
    check("b.htm", b"<p>x", FileFormat::Html, "", &[Ok(("import:export/", "<p>x"))]);
}

#[test]
fn a_wrong_map_is_told_before_any_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "a,b\n1,2\n").unwrap();
    let open = |map: &str| {
        read_file(&path, FileFormat::Csv, &parse_map(map).unwrap(), &"x".into(), now())
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    };
    assert!(open("text=正文").contains("no column `正文`; columns are a, b"));
    assert!(open("").contains("no column with the text"));
    assert!(parse_map("texts=a").unwrap_err().contains("no field `texts`"));
    assert!(parse_map("text").is_err());
}
