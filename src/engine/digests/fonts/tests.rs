//! Files of a few tables stand for fonts: what is looked at are names, weights, licences and characters.

use super::*;

/// A face: its family, its weight, its licence, the last character of its Chinese.
#[derive(Clone, Copy)]
struct Cut {
    family: &'static str,
    weight: u16,
    licence: u16,
    is_chinese: bool,
}

const PLAIN: Cut = Cut { family: "", weight: 400, licence: 0, is_chinese: true };

fn tables(cut: Cut) -> Vec<([u8; 4], Vec<u8>)> {
    let mut about = vec![0; 78];
    about[4..6].copy_from_slice(&cut.weight.to_be_bytes());
    about[8..10].copy_from_slice(&cut.licence.to_be_bytes());
    // One name: platform Windows, Unicode, English, family.
    let text: Vec<u8> = cut.family.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let length = u16::try_from(text.len()).unwrap();
    let mut name: Vec<u8> =
        [0, 1, 18, 3, 1, 0x409, 1, length, 0].iter().flat_map(|n: &u16| n.to_be_bytes()).collect();
    name.extend(text);
    // One table of characters, of groups that count on: all of it, or Latin alone.
    let last: u32 = if cut.is_chinese { 0xffff } else { 0x7e };
    let mut cmap: Vec<u8> =
        [0, 1, 3, 10].iter().flat_map(|n: &u16| n.to_be_bytes()).collect::<Vec<u8>>();
    cmap.extend(12_u32.to_be_bytes());
    cmap.extend([0, 12, 0, 0]);
    for number in [28, 0, 1, 0x20, last, 1] {
        cmap.extend(u32::to_be_bytes(number));
    }
    vec![(*b"OS/2", about), (*b"cmap", cmap), (*b"name", name)]
}

/// The directory and the tables of a face that begins at `start` of its file.
fn sfnt(cut: Cut, start: usize) -> Vec<u8> {
    let tables = tables(cut);
    let mut head = vec![0, 1, 0, 0, 0, u8::try_from(tables.len()).unwrap(), 0, 0, 0, 0, 0, 0];
    let mut at = start + 12 + 16 * tables.len();
    let mut bodies = Vec::new();
    for (tag, body) in tables {
        head.extend(tag);
        for number in [0, at, body.len()] {
            head.extend(u32::try_from(number).unwrap().to_be_bytes());
        }
        at += body.len();
        bodies.extend(body);
    }
    head.extend(bodies);
    head
}

fn collection(cuts: &[Cut]) -> Vec<u8> {
    let mut file = b"ttcf\0\x01\0\0".to_vec();
    file.extend(u32::try_from(cuts.len()).unwrap().to_be_bytes());
    let mut at = 12 + 4 * cuts.len();
    let mut bodies = Vec::new();
    for cut in cuts {
        file.extend(u32::try_from(at).unwrap().to_be_bytes());
        let body = sfnt(*cut, at);
        at += body.len();
        bodies.extend(body);
    }
    file.extend(bodies);
    file
}

fn put(dir: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(dir.join(name), bytes).unwrap();
}

#[test]
fn each_place_takes_its_own_face_and_else_what_stands_in_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let system = [dir.path().to_owned()];
    let named = |family| sfnt(Cut { family, ..PLAIN }, 0);
    put(dir.path(), "a.ttf", &named("Some Chinese Face"));
    assert_eq!(choose_from(&[], &system).unwrap().fang.name, "Some Chinese Face");
    put(dir.path(), "song.ttf", &named("SimSun"));
    put(dir.path(), "fang.ttf", &named("仿宋"));
    let bold = Cut { family: "SimHei", weight: 700, ..PLAIN };
    put(dir.path(), "hei.ttc", &collection(&[bold, Cut { weight: 400, ..bold }]));
    let latin = Cut { family: "Liberation Serif", is_chinese: false, ..PLAIN };
    put(dir.path(), "times.ttf", &sfnt(latin, 0));
    let chosen = choose_from(&[], &system).unwrap();
    let names = [&chosen.song, &chosen.fang, &chosen.kai, &chosen.hei];
    assert_eq!(names.map(|face| face.name.as_str()), ["SimSun", "仿宋", "SimSun", "SimHei"]);
    assert_eq!(chosen.hei.index, 1, "of a collection that of the weight of text");
    assert_eq!(chosen.western.as_ref().unwrap().name, "Liberation Serif");
    assert_eq!(Some(chosen), choose_from(&[], &system));
}

#[test]
fn what_config_names_goes_before_what_stands_in() {
    let (own, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(dir.path(), "song.ttf", &sfnt(Cut { family: "SimSun", ..PLAIN }, 0));
    put(dir.path(), "fang.ttf", &sfnt(Cut { family: "FangSong", ..PLAIN }, 0));
    put(own.path(), "own.otf", &sfnt(Cut { family: "集团字体", ..PLAIN }, 0));
    let file = [own.path().join("own.otf")];
    let chosen = choose_from(&file, &[dir.path().to_owned()]).unwrap();
    assert_eq!((chosen.fang.name.as_str(), chosen.kai.name.as_str()), ("FangSong", "集团字体"));
}

#[test]
fn without_a_chinese_face_there_is_nothing_to_choose() {
    let dir = tempfile::tempdir().unwrap();
    let system = [dir.path().to_owned(), dir.path().join("nowhere")];
    assert_eq!(choose_from(&[], &system), None);
    put(dir.path(), "latin.ttf", &sfnt(Cut { family: "SimSun", is_chinese: false, ..PLAIN }, 0));
    put(dir.path(), "torn.ttf", &sfnt(PLAIN, 0)[..40]);
    put(dir.path(), "text.ttf", b"no font at all");
    put(dir.path(), "locked.ttf", &sfnt(Cut { family: "SimSun", licence: 2, ..PLAIN }, 0));
    assert_eq!(choose_from(&[], &system), None, "cut for Latin, torn, no font, not to be embedded");
}
