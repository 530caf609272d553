//! The index and its cursor move together; crashes, rebuilds and other formats are survived or refused.

use std::time::Duration;

use index::{
    Change, Facet, Index, IndexError, Position, RebuildLock, SearchIndex, SearchOptions, examine,
};
use pipelines::record::PostId;
use pipelines::text::Segmenter;

use crate::lab::{Lab, SMALL, post};

fn count(index: &Index, lab: &Lab, query: &str) -> u64 {
    let options = SearchOptions::default();
    index.search(&lab.query(query), &options, None).unwrap().posts.unwrap()
}

#[test]
fn an_abandoned_writer_leaves_the_last_commit() {
    let mut lab = Lab::with([post(1, "通报", "瓦斯")]);
    lab.put([post(2, "通报", "瓦斯")]);
    lab.delete(1);
    // As a kill would: nothing is committed, nothing is closed.
    lab.writer.take();
    let again = Index::open_or_create(lab.dir.path(), &lab.segmenter).unwrap();
    assert_eq!((again.cursor().unwrap(), count(&again, &lab, "瓦斯")), (1, 1));
    // Replaying from the cursor gives what should have been, and so does replaying twice.
    let mut writer = again.writer(SMALL).unwrap();
    for _ in 0..2 {
        let put = |id| Change::Put(Box::new(post(id, "通报", "瓦斯")));
        writer.apply(&[put(2), put(3), Change::Delete(PostId(1))]).unwrap();
    }
    writer.commit(7).unwrap();
    assert_eq!((again.cursor().unwrap(), count(&again, &lab, "瓦斯")), (7, 2));
}

#[test]
fn a_changed_post_is_found_by_its_new_text_only() {
    let mut lab = Lab::with([post(1, "通报", "瓦斯")]);
    lab.put([post(1, "通报", "透水")]);
    lab.commit(2);
    assert_eq!((count(&lab.index, &lab, "瓦斯"), count(&lab.index, &lab, "透水")), (0, 1));
    assert_eq!(lab.index.posts().unwrap(), 1);
}

#[test]
fn one_writer_at_a_time_and_readers_beside_it() {
    let mut lab = Lab::with([post(1, "通报", "瓦斯")]);
    let reader = Index::open_read_only(lab.dir.path(), &lab.segmenter).unwrap();
    assert!(matches!(reader.writer(SMALL), Err(IndexError::Busy { .. })));
    lab.put([post(2, "通报", "瓦斯")]);
    lab.commit(2);
    assert_eq!(count(&reader, &lab, "瓦斯"), 1);
    reader.refresh().unwrap();
    assert_eq!(count(&reader, &lab, "瓦斯"), 2);
}

#[test]
fn a_missing_or_foreign_index_is_named_not_empty() {
    let dir = tempfile::tempdir().unwrap();
    let plain = Segmenter::default();
    let missing = Index::open_read_only(dir.path(), &plain);
    assert!(matches!(missing, Err(IndexError::Missing { .. })));
    drop(Index::open_or_create(dir.path(), &plain).unwrap());
    // Other words of its own are fine: no dictionary is in the index.
    let other = Segmenter::new(["云岭矿业".to_owned()]);
    assert!(Index::open_or_create(dir.path(), &other).is_ok());
    let name = std::fs::read_to_string(dir.path().join("CURRENT")).unwrap();
    let meta = dir.path().join(name).join("meta.json");
    let foreign = std::fs::read_to_string(&meta).unwrap().replace("schema-", "schema-0");
    std::fs::write(&meta, foreign).unwrap();
    let error = Index::open_or_create(dir.path(), &plain).err().unwrap();
    assert!(matches!(error, IndexError::Format { .. }));
    assert!(error.to_string().contains("guanlan reindex"));
}

#[test]
fn a_rebuild_answers_from_the_old_index_until_it_is_whole() {
    let mut lab = Lab::with([post(1, "通报", "瓦斯")]);
    let reader = Index::open_read_only(lab.dir.path(), &lab.segmenter).unwrap();
    let fresh = (1..=3).map(|id| {
        assert_eq!(count(&reader, &lab, "瓦斯"), 1);
        Ok::<_, std::io::Error>(post(id, "通报", "瓦斯"))
    });
    let mut told = Vec::new();
    let lock = RebuildLock::take(lab.dir.path()).unwrap();
    let mut progress = |n| told.push(n);
    let n = Index::rebuild(&lock, SMALL, 42, fresh, &mut progress).unwrap();
    assert_eq!((n, told), (3, vec![3]));
    // Readers that have it open go on; the old writer is told; who opens anew sees the new one.
    assert_eq!(count(&reader, &lab, "瓦斯"), 1);
    let late = lab.writer.as_mut().unwrap().commit(9);
    assert!(matches!(late, Err(IndexError::Superseded)));
    let anew = Index::open_read_only(lab.dir.path(), &lab.segmenter).unwrap();
    assert_eq!((anew.cursor().unwrap(), count(&anew, &lab, "瓦斯")), (42, 3));
}

#[test]
fn a_failed_rebuild_changes_nothing() {
    let lab = Lab::with([post(1, "通报", "瓦斯")]);
    let lock = RebuildLock::take(lab.dir.path()).unwrap();
    let broken = [Ok(post(1, "通报", "透水")), Err(std::io::Error::other("the store is gone"))];
    let result = Index::rebuild(&lock, SMALL, 9, broken, &mut |_| {});
    assert!(matches!(result, Err(IndexError::Posts(_))));
    let again = Index::open_read_only(lab.dir.path(), &lab.segmenter).unwrap();
    assert_eq!((again.cursor().unwrap(), count(&again, &lab, "瓦斯")), (1, 1));
}

#[test]
fn compacting_changes_no_answer() {
    let mut lab = Lab::new();
    for round in 1..=5 {
        lab.put((1..=20).map(|i| post(round * 100 + i, "通报", "瓦斯")));
        lab.delete(round * 100 + 1);
        lab.commit(round);
    }
    lab.writer.as_mut().unwrap().compact().unwrap();
    assert_eq!((count(&lab.index, &lab, "瓦斯"), lab.index.posts().unwrap()), (95, 95));
    assert_eq!(lab.index.cursor().unwrap(), 5);
    lab.put([post(999, "通报", "瓦斯")]);
    lab.commit(6);
    assert_eq!((count(&lab.index, &lab, "瓦斯"), lab.index.cursor().unwrap()), (96, 6));
}

#[test]
fn an_index_taken_away_under_its_writer_is_missing_not_level() {
    let mut lab = Lab::with([post(1, "通报", "瓦斯")]);
    std::fs::remove_file(lab.dir.path().join("CURRENT")).unwrap();
    let late = lab.writer.as_mut().unwrap().commit(9);
    assert!(matches!(late, Err(IndexError::Missing { .. })), "{late:?}");
    assert!(matches!(lab.index.refresh(), Err(IndexError::Missing { .. })));
    // The place is taken by an empty one, under a name that was never in use, which says so.
    let again = Index::open_or_create(lab.dir.path(), &lab.segmenter).unwrap();
    assert_eq!((again.position().unwrap(), again.posts().unwrap()), (Position::default(), 0));
    let late = lab.writer.as_mut().unwrap().commit(9);
    assert!(matches!(late, Err(IndexError::Superseded)), "{late:?}");
}

#[test]
fn the_position_names_the_store_and_its_history() {
    let mut lab = Lab::with([post(1, "通报", "瓦斯")]);
    let stood = Position { store: "a1".to_owned(), cursor: 7, mark: -3 };
    lab.writer.as_mut().unwrap().commit(stood.clone()).unwrap();
    let again = Index::open_read_only(lab.dir.path(), &lab.segmenter).unwrap();
    assert_eq!((again.cursor().unwrap(), again.position().unwrap()), (7, stood));
}

#[test]
fn two_rebuilds_at_once_do_not_take_each_others_files() {
    let lab = Lab::with([post(1, "通报", "瓦斯")]);
    let lock = RebuildLock::take(lab.dir.path()).unwrap();
    let second = RebuildLock::take(lab.dir.path());
    assert!(matches!(second, Err(IndexError::Rebuilding { .. })));
    drop(lock);
    assert!(RebuildLock::take(lab.dir.path()).is_ok());
}

/// Every file of the current generation that is examined, with its content.
fn files(lab: &Lab) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let name = std::fs::read_to_string(lab.dir.path().join("CURRENT")).unwrap();
    let entries = std::fs::read_dir(lab.dir.path().join(name)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_data = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        !name.starts_with('.') && name != "meta.json" && !name.ends_with(".lock")
    };
    paths.filter(is_data).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn bytes_turned_by_the_disk_are_told_and_never_a_panic() {
    let lab = Lab::with((1..=300).map(|id| post(id, "矿区通报", "瓦斯超限，正在撤离。")));
    let whole = examine(lab.dir.path(), Duration::MAX).unwrap();
    assert!(whole.files > 3 && whole.checked == whole.files, "{whole:?}");
    whole.whole().unwrap();
    let query = lab.query("瓦斯 (撤离 | \"在撤\") -透水");
    let mut dice = crate::dice::Dice::new(7);
    for (path, content) in files(&lab) {
        for round in 0..3 {
            let mut turned = content.clone();
            for _ in 0..20 {
                let at = dice.below(turned.len());
                turned[at] ^= 0xff;
            }
            std::fs::write(&path, &turned).unwrap();
            match examine(lab.dir.path(), Duration::MAX) {
                Ok(found) => assert!(found.damaged.contains(&path), "{} {round}", path.display()),
                Err(error) => assert!(error.is_lost(), "{error}"),
            }
            // Whatever it answers, it answers.
            if let Ok(index) = Index::open_read_only(lab.dir.path(), &lab.segmenter) {
                let options = SearchOptions { facets: Facet::ALL.to_vec(), ..Default::default() };
                let _ = index.search(&query, &options, None);
            }
        }
        std::fs::write(&path, &content).unwrap();
    }
    examine(lab.dir.path(), Duration::MAX).unwrap().whole().unwrap();
}

#[test]
fn heat_is_asked_of_the_index_also_where_texts_are_looked_into() {
    let mut lab = Lab::new();
    for (id, heat) in [(1, 0.0), (2, 3.0)] {
        let mut post = post(id, "通报", "瓦斯超限");
        post.heat = heat;
        lab.put([post]);
    }
    lab.commit(1);
    // The store does not know it.
    lab.shelf.posts.values_mut().for_each(|post| post.heat = 0.0);
    assert_eq!(lab.found(&lab.query("heat:>1 /瓦.超/")), [2]);
}
