//! The file: objects for pages, faces, links, outline and properties.
//!
//! In: pages of strips, faces, targets. Out: bytes that depend on these alone: objects are numbered as they come, the only
//! time is that of the paper.

use std::io::Write as _;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{
    ActionType, AnnotationType, CidFontType, FontFlags, SystemInfo, UnicodeCmap,
};
use pdf_writer::{Content, Date, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use pipelines::locale::Lang;
use sha2::{Digest as _, Sha256};

use super::super::paper::Paper;
use super::super::sheet::{self, ASIDE, FOLIO, FOOT, MARGINS, PAPER};
use super::PdfError;
use super::blocks::{Target, WIDTH, points};
use super::faces::{Faces, Used};
use super::lines::Sign;
use super::pages::{Mark, Pages, Strip};

const LEFT: f32 = points(MARGINS[3]);
/// The top of the text, from the lower edge of the paper.
const TOP: f32 = points(PAPER.1 - MARGINS[0]);
const INFO: SystemInfo<'_> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Numbers of objects, one after the other.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).expect("memory takes what is written");
    packed.finish().expect("memory takes what is written")
}

/// The name of a face in pages.
fn face_name(face: usize) -> String {
    format!("F{face}")
}

/// The bytes of the file.
pub(super) fn file(
    paper: &Paper,
    mut faces: Faces<'_>,
    pages: &Pages<'_>,
    targets: &[Target],
) -> Result<Vec<u8>, PdfError> {
    let mut numbers = Numbers(0);
    let (catalog, tree, info) = (numbers.next(), numbers.next(), numbers.next());
    let of_pages: Vec<Ref> = pages.pages.iter().map(|_| numbers.next()).collect();
    let of_faces: Vec<Ref> = faces.used.iter().map(|_| numbers.next()).collect();
    let mut pdf = Pdf::new();
    for (number, strips) in pages.pages.iter().enumerate() {
        let mut content = Content::new();
        let mut links = Vec::new();
        for (top, strip) in strips {
            draw(&mut content, &mut links, TOP - top, strip);
        }
        folio(&mut content, &mut faces, number + 1);
        let stream = numbers.next();
        pdf.stream(stream, &packed(&content.finish())).filter(Filter::FlateDecode);
        let led = links.iter().filter(|(_, link)| leads(&targets[*link], pages));
        let notes: Vec<(Ref, &(Rect, usize))> = led.map(|link| (numbers.next(), link)).collect();
        for (id, (area, link)) in &notes {
            link_to(&mut pdf, *id, *area, (&targets[*link], pages, &of_pages));
        }
        let mut page = pdf.page(of_pages[number]);
        page.parent(tree).contents(stream);
        page.media_box(Rect::new(0.0, 0.0, points(PAPER.0), points(PAPER.1)));
        if !notes.is_empty() {
            page.annotations(notes.iter().map(|(id, _)| *id));
        }
        let mut resources = page.resources();
        let mut fonts = resources.fonts();
        for (face, id) in of_faces.iter().enumerate() {
            fonts.pair(Name(face_name(face).as_bytes()), *id);
        }
    }
    let count = i32::try_from(of_pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(of_pages.iter().copied()).count(count);
    for (used, id) in faces.used.iter().zip(of_faces) {
        font(&mut pdf, used, id, &mut numbers)?;
    }
    let outline = outline(&mut pdf, pages, &of_pages, &mut numbers);
    let mut root = pdf.catalog(catalog);
    root.pages(tree);
    root.lang(TextStr(match paper.lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    }));
    root.viewer_preferences().display_doc_title(true);
    if let Some(outline) = outline {
        root.outlines(outline);
    }
    root.finish();
    properties(&mut pdf, paper, info);
    Ok(pdf.finish())
}

/// Title, author and time, as the file manager shows them.
fn properties(pdf: &mut Pdf, paper: &Paper, id: Ref) {
    let mut info = pdf.document_info(id);
    info.title(TextStr(&paper.title)).subject(TextStr(&paper.head.span));
    info.author(TextStr(&paper.head.unit)).creator(TextStr("guanlan"));
    if let Ok(made) = paper.made_at.parse::<DateTime<Utc>>() {
        let part = |part: u32| u8::try_from(part).unwrap_or(0);
        let date = Date::new(u16::try_from(made.year()).unwrap_or(0))
            .month(part(made.month()))
            .day(part(made.day()))
            .hour(part(made.hour()))
            .minute(part(made.minute()))
            .second(part(made.second()))
            .utc_offset_hour(0);
        info.creation_date(date).modified_date(date);
    }
}

/// Headings of the first level.
fn outline(
    pdf: &mut Pdf,
    pages: &Pages<'_>,
    of_pages: &[Ref],
    numbers: &mut Numbers,
) -> Option<Ref> {
    let ids: Vec<Ref> = pages.titles.iter().map(|_| numbers.next()).collect();
    let (first, last) = (*ids.first()?, *ids.last()?);
    let root = numbers.next();
    let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
    pdf.outline(root).first(first).last(last).count(count);
    for (i, (title, page, top)) in pages.titles.iter().enumerate() {
        let mut item = pdf.outline_item(ids[i]);
        item.title(TextStr(title)).parent(root);
        if let Some(before) = i.checked_sub(1) {
            item.prev(ids[before]);
        }
        if let Some(next) = ids.get(i + 1) {
            item.next(*next);
        }
        item.dest().page(of_pages[*page]).xyz(LEFT, TOP - top, None);
    }
    Some(root)
}

fn leads(target: &Target, pages: &Pages<'_>) -> bool {
    match target {
        Target::Anchor(anchor) => pages.anchors.contains_key(anchor.as_str()),
        Target::Url(_) => true,
    }
}

fn link_to(
    pdf: &mut Pdf,
    id: Ref,
    area: Rect,
    (target, pages, of_pages): (&Target, &Pages<'_>, &[Ref]),
) {
    let mut note = pdf.annotation(id);
    note.subtype(AnnotationType::Link).rect(area).border(0.0, 0.0, 0.0, None);
    match target {
        Target::Url(url) => {
            note.action().action_type(ActionType::Uri).uri(Str(url.as_bytes()));
        }
        Target::Anchor(anchor) => {
            let Some((page, top)) = pages.anchors.get(anchor.as_str()) else { return };
            let mut action = note.action();
            action.action_type(ActionType::GoTo);
            action.destination().page(of_pages[*page]).xyz(LEFT, TOP - top, None);
        }
    }
}

/// What stands in a strip whose top is `top` above the lower edge; its links.
fn draw(content: &mut Content, links: &mut Vec<(Rect, usize)>, top: f32, strip: &Strip) {
    for mark in &strip.marks {
        match mark {
            Mark::Fill([x, y, wide, tall], ink) => {
                fill(content, *ink);
                content.rect(LEFT + x, top - y - tall, *wide, *tall).fill_nonzero();
            }
            Mark::Signs(foot, signs) => {
                write(content, LEFT, top - foot, signs);
                let of_links = signs.chunk_by(|a, b| a.1.link == b.1.link);
                for run in of_links {
                    let (Some((x, first)), Some((end, last))) = (run.first(), run.last()) else {
                        continue;
                    };
                    let Some(link) = first.link else { continue };
                    let low = top - foot + first.rise - 0.15 * first.size;
                    let area =
                        Rect::new(LEFT + x, low, LEFT + end + last.advance, low + 1.1 * first.size);
                    links.push((area, link));
                }
            }
        }
    }
}

fn fill(content: &mut Content, (red, green, blue): sheet::Ink) {
    let part = |part: u8| f32::from(part) / 255.0;
    content.set_fill_rgb(part(red), part(green), part(blue));
}

/// Characters on one foot line, each where it was placed.
fn write(content: &mut Content, left: f32, foot: f32, signs: &[(f32, Sign)]) {
    let is_alike = |a: &(f32, Sign), b: &(f32, Sign)| {
        let key =
            |sign: &Sign| (sign.glyph.face, sign.ink, sign.size.to_bits(), sign.rise.to_bits());
        key(&a.1) == key(&b.1)
    };
    for run in signs.chunk_by(is_alike) {
        let Some((x, first)) = run.first() else { continue };
        fill(content, first.ink);
        content.begin_text();
        content.set_font(Name(face_name(first.glyph.face).as_bytes()), first.size);
        content.next_line(left + x, foot + first.rise);
        let mut shown = content.show_positioned();
        let mut items = shown.items();
        let mut at = *x;
        for (x, sign) in run {
            let thousandths = (at - x) * 1000.0 / sign.size;
            if thousandths.abs() > 0.5 {
                items.adjust((thousandths * 10.0).round() / 10.0);
            }
            items.show(Str(&sign.glyph.id.to_be_bytes()));
            at = x + f32::from(sign.glyph.wide) / 1000.0 * sign.size;
        }
        items.finish();
        shown.finish();
        content.end_text();
    }
}

/// The number of the page between dashes, outside and one character in: right on odd pages, left on even ones.
fn folio(content: &mut Content, faces: &mut Faces<'_>, number: usize) {
    let size = FOLIO as f32 / 2.0;
    let mut signs: Vec<(f32, Sign)> = Vec::new();
    let mut x = 0.0;
    for c in format!("— {number} —").chars() {
        let glyph = faces.glyph(c, sheet::Face::Song, false);
        let advance = f32::from(glyph.wide) / 1000.0 * size;
        let (rise, ink, link) = (0.0, sheet::BLACK, None);
        let sign =
            Sign { c, glyph, size, advance, rise, ink, link, glued: false, is_address: false };
        signs.push((x, sign));
        x += advance;
    }
    let left = if number % 2 == 1 { WIDTH - points(ASIDE) - x } else { points(ASIDE) };
    write(content, LEFT + left, points(FOOT) + 0.14 * size, &signs);
}

/// A face: its glyphs in use, their widths, and what each says.
fn font(pdf: &mut Pdf, used: &Used<'_>, id: Ref, numbers: &mut Numbers) -> Result<(), PdfError> {
    let (descendant, descriptor, program, says) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next());
    let subset = used.subset()?;
    // Of an OpenType face with outlines as in PostScript the PDF wants these alone.
    let outlines = ttf_parser::RawFace::parse(&subset, 0)
        .ok()
        .and_then(|face| face.table(ttf_parser::Tag::from_bytes(b"CFF ")));
    let name = base_name(&subset, used);
    let base = Name(name.as_bytes());
    pdf.type0_font(id)
        .base_font(base)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(says);
    let mut cid = pdf.cid_font(descendant);
    cid.subtype(if outlines.is_some() { CidFontType::Type0 } else { CidFontType::Type2 });
    cid.base_font(base).system_info(INFO).font_descriptor(descriptor).default_width(1000.0);
    if outlines.is_none() {
        cid.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let mut widths = cid.widths();
    for (glyph, (_, wide)) in &used.glyphs {
        widths.consecutive(*glyph, [f32::from(*wide)]);
    }
    widths.finish();
    cid.finish();
    let (bounds, face) = (used.face.global_bounding_box(), &used.face);
    let of = |length: i16| used.thousandths(length);
    let mut about = pdf.font_descriptor(descriptor);
    about.name(base).flags(FontFlags::SYMBOLIC).italic_angle(0.0).stem_v(80.0);
    about.bbox(Rect::new(of(bounds.x_min), of(bounds.y_min), of(bounds.x_max), of(bounds.y_max)));
    about.ascent(of(face.ascender())).descent(of(face.descender()));
    about.cap_height(of(face.capital_height().unwrap_or_else(|| face.ascender())));
    if outlines.is_some() {
        about.font_file3(program);
    } else {
        about.font_file2(program);
    }
    about.finish();
    let bytes = packed(outlines.unwrap_or(&subset));
    let mut stream = pdf.stream(program, &bytes);
    stream.filter(Filter::FlateDecode);
    if outlines.is_some() {
        stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    }
    stream.finish();
    let mut map = UnicodeCmap::new(Name(b"Custom"), INFO);
    for (glyph, (c, _)) in &used.glyphs {
        map.pair(*glyph, *c);
    }
    let map = packed(&map.finish());
    pdf.cmap(says, &map).name(Name(b"Custom")).system_info(INFO).filter(Filter::FlateDecode);
    Ok(())
}

/// A name for a subset: six letters of what it holds, and that of the face.
fn base_name(subset: &[u8], used: &Used<'_>) -> String {
    let hash = Sha256::digest(subset);
    let tag: String = hash.iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect();
    let names = used.face.names().into_iter();
    let of_face = |name: &ttf_parser::name::Name<'_>| {
        name.name_id == ttf_parser::name_id::POST_SCRIPT_NAME && name.is_unicode()
    };
    let name = names.filter(of_face).find_map(|name| name.to_string()).unwrap_or_default();
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(60).collect();
    format!("{tag}+{}", if plain.is_empty() { "Face" } else { &plain })
}
