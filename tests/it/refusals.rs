//! What is refused, and that the refusal says what, where and what to do.

use crate::lab::Lab;

#[test]
fn a_config_error_names_file_line_key_and_starts_nothing() {
    let lab = Lab::new();
    lab.write(
        "guanlan.toml",
        "[station]\ncontact = \"test@example.com\"\ntimezon = \"Asia/Shanghai\"\n",
    );
    let run = lab.run(&["crawl"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("guanlan.toml") && run.err.contains('3') && run.err.contains("timezon"),
        "{}",
        run.err
    );
    assert!(!lab.data().exists(), "nothing may be started on a broken config");
}

#[test]
fn a_second_station_on_the_same_data_is_refused() {
    let lab = Lab::new();
    std::fs::create_dir_all(lab.data()).unwrap();
    let _held = guanlan::engine::StationLock::take(&lab.data()).unwrap();
    lab.write("rows.jsonl", "{\"id\": 1, \"text\": \"青岚沟\"}\n");
    let run = lab.run(&["import", "rows.jsonl", "--map", "id=id,text=text"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("another station"), "{}", run.err);
}

#[test]
fn a_query_that_cannot_be_read_shows_the_place() {
    let lab = Lab::new();
    lab.write("rows.jsonl", "{\"id\": 1, \"text\": \"青岚沟\"}\n");
    lab.run(&["import", "rows.jsonl", "--map", "id=id,text=text"]).good();
    let run = lab.run(&["search", "(青岚沟 OR"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains('^'), "{}", run.err);
}

#[test]
fn nothing_collected_yet_is_not_nothing_found() {
    let lab = Lab::new();
    let run = lab.run(&["search", "青岚沟"]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.is_empty() && run.err.contains("guanlan crawl"), "{}", run.err);
}
