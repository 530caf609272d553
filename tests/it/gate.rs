//! What the gate must not pass over.

use std::panic::catch_unwind;
use std::path::Path;

use crate::data;

#[test]
fn missing_shared_data_fails_where_it_is_required_and_is_passed_over_elsewhere() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let asked = |required| catch_unwind(|| data::beside(here, "no/such/set", required));
    assert_eq!(asked(false).unwrap(), None);
    let said = *asked(true).unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("../shared/data/no/such/set is missing"), "{said}");
}

#[test]
fn every_test_on_shared_data_asks_the_one_function() {
    let mut own = Vec::new();
    let mut open = ["src", "pipelines", "index", "tests"]
        .map(|dir| Path::new(env!("CARGO_MANIFEST_DIR")).join(dir))
        .to_vec();
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" {
                open.push(path);
            } else if name.ends_with(".rs") && !path.ends_with("tests/shared/data.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let own_way = ["join(\"../", "join(\"../../"].map(|way| format!("{way}shared"));
                if own_way.iter().any(|way| text.contains(way)) {
                    own.push(path);
                }
            }
        }
    }
    assert_eq!(own, Vec::<std::path::PathBuf>::new());
}

/// `tests/defects.md` names a test for each defect that was confirmed; each of them is there.
#[test]
fn every_confirmed_defect_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("tests/defects.md")).unwrap();
    let (mut numbers, mut missing) = (Vec::new(), Vec::new());
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _, test, file, _] = cells[..] else { continue };
        if let Ok(number) = number.parse::<u32>() {
            numbers.push(number);
        } else if !number.is_empty() {
            continue;
        }
        let text = std::fs::read_to_string(root.join(file.trim_matches('`'))).unwrap_or_default();
        if test.is_empty() || !text.contains(&format!("fn {}(", test.trim_matches('`'))) {
            missing.push(format!("{number} {test} in {file}"));
        }
    }
    assert_eq!(numbers, (1..=33).collect::<Vec<_>>());
    assert_eq!(missing, Vec::<String>::new());
}
