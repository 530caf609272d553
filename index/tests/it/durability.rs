//! The index and its cursor move together; crashes, rebuilds and other formats are survived or refused.

use index::{Change, Index, IndexError, SearchIndex, SearchOptions};
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
    assert_eq!(lab.index.posts(), 1);
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
    let meta = dir.path().join("g000001/meta.json");
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
    let mut progress = |n| told.push(n);
    let n = Index::rebuild(lab.dir.path(), SMALL, 42, fresh, &mut progress).unwrap();
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
    let broken = [Ok(post(1, "通报", "透水")), Err(std::io::Error::other("the store is gone"))];
    let result = Index::rebuild(lab.dir.path(), SMALL, 9, broken, &mut |_| {});
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
    assert_eq!((count(&lab.index, &lab, "瓦斯"), lab.index.posts()), (95, 95));
    assert_eq!(lab.index.cursor().unwrap(), 5);
    lab.put([post(999, "通报", "瓦斯")]);
    lab.commit(6);
    assert_eq!((count(&lab.index, &lab, "瓦斯"), lab.index.cursor().unwrap()), (96, 6));
}
