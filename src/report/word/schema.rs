//! The order in which Office Open XML wants the parts of an element, held against every part of a Word file.
//!
//! In: XML. Out: what stands out of order, or that it is unknown. The lists are those of ISO/IEC 29500-1 (WordprocessingML,
//! DrawingML) as far as our files and what may come to stand beside it go; where the standard leaves a choice, the names
//! stand in one slot. An element with parts that has no list here is a fault, so that nothing new goes unchecked.

use quick_xml::Reader;
use quick_xml::events::Event;

const BLOCKS: &str = "w:p w:tbl w:bookmarkStart w:bookmarkEnd";
const INLINE: &str = "w:r w:hyperlink w:bookmarkStart w:bookmarkEnd";

/// An element, and its slots in order; names of one slot may stand in any order.
const ORDER: &[(&str, &[&str])] = &[
    ("w:document", &["w:background", "w:body"]),
    ("w:body", &[BLOCKS, "w:sectPr"]),
    ("w:ftr", &[BLOCKS]),
    ("w:p", &["w:pPr", INLINE]),
    ("w:hyperlink", &[INLINE]),
    ("w:r", &["w:rPr", "w:t w:tab w:br w:fldChar w:instrText w:drawing"]),
    (
        "w:pPr",
        &[
            "w:pStyle",
            "w:keepNext",
            "w:keepLines",
            "w:pageBreakBefore",
            "w:framePr",
            "w:widowControl",
            "w:numPr",
            "w:suppressLineNumbers",
            "w:pBdr",
            "w:shd",
            "w:tabs",
            "w:suppressAutoHyphens",
            "w:kinsoku",
            "w:wordWrap",
            "w:overflowPunct",
            "w:topLinePunct",
            "w:autoSpaceDE",
            "w:autoSpaceDN",
            "w:bidi",
            "w:adjustRightInd",
            "w:snapToGrid",
            "w:spacing",
            "w:ind",
            "w:contextualSpacing",
            "w:mirrorIndents",
            "w:suppressOverlap",
            "w:jc",
            "w:textDirection",
            "w:textAlignment",
            "w:textboxTightWrap",
            "w:outlineLvl",
            "w:divId",
            "w:cnfStyle",
            "w:rPr",
            "w:sectPr",
            "w:pPrChange",
        ],
    ),
    (
        "w:rPr",
        &[
            "w:rStyle",
            "w:rFonts",
            "w:b",
            "w:bCs",
            "w:i",
            "w:iCs",
            "w:caps",
            "w:smallCaps",
            "w:strike",
            "w:dstrike",
            "w:outline",
            "w:shadow",
            "w:emboss",
            "w:imprint",
            "w:noProof",
            "w:snapToGrid",
            "w:vanish",
            "w:webHidden",
            "w:color",
            "w:spacing",
            "w:w",
            "w:kern",
            "w:position",
            "w:sz",
            "w:szCs",
            "w:highlight",
            "w:u",
            "w:effect",
            "w:bdr",
            "w:shd",
            "w:fitText",
            "w:vertAlign",
            "w:rtl",
            "w:cs",
            "w:em",
            "w:lang",
            "w:eastAsianLayout",
            "w:specVanish",
            "w:oMath",
        ],
    ),
    ("w:pBdr", &["w:top", "w:left", "w:bottom", "w:right", "w:between", "w:bar"]),
    ("w:tabs", &["w:tab"]),
    ("w:tbl", &["w:bookmarkStart w:bookmarkEnd", "w:tblPr", "w:tblGrid", "w:tr"]),
    (
        "w:tblPr",
        &[
            "w:tblStyle",
            "w:tblpPr",
            "w:tblOverlap",
            "w:bidiVisual",
            "w:tblStyleRowBandSize",
            "w:tblStyleColBandSize",
            "w:tblW",
            "w:jc",
            "w:tblCellSpacing",
            "w:tblInd",
            "w:tblBorders",
            "w:shd",
            "w:tblLayout",
            "w:tblCellMar",
            "w:tblLook",
            "w:tblCaption",
            "w:tblDescription",
            "w:tblPrChange",
        ],
    ),
    ("w:tblGrid", &["w:gridCol"]),
    (
        "w:tblBorders",
        &["w:top", "w:left", "w:start", "w:bottom", "w:right", "w:end", "w:insideH", "w:insideV"],
    ),
    ("w:tblCellMar", &["w:top", "w:left", "w:start", "w:bottom", "w:right", "w:end"]),
    ("w:tr", &["w:tblPrEx", "w:trPr", "w:tc"]),
    ("w:trPr", &["w:cantSplit w:tblHeader w:trHeight w:jc w:hidden"]),
    ("w:tc", &["w:tcPr", BLOCKS]),
    (
        "w:tcPr",
        &[
            "w:cnfStyle",
            "w:tcW",
            "w:gridSpan",
            "w:hMerge",
            "w:vMerge",
            "w:tcBorders",
            "w:shd",
            "w:noWrap",
            "w:tcMar",
            "w:textDirection",
            "w:tcFitText",
            "w:vAlign",
            "w:hideMark",
        ],
    ),
    (
        "w:sectPr",
        &[
            "w:headerReference w:footerReference",
            "w:footnotePr",
            "w:endnotePr",
            "w:type",
            "w:pgSz",
            "w:pgMar",
            "w:paperSrc",
            "w:pgBorders",
            "w:lnNumType",
            "w:pgNumType",
            "w:cols",
            "w:formProt",
            "w:vAlign",
            "w:noEndnote",
            "w:titlePg",
            "w:textDirection",
            "w:bidi",
            "w:rtlGutter",
            "w:docGrid",
            "w:printerSettings",
        ],
    ),
    ("w:styles", &["w:docDefaults", "w:latentStyles", "w:style"]),
    (
        "w:style",
        &[
            "w:name",
            "w:aliases",
            "w:basedOn",
            "w:next",
            "w:link",
            "w:autoRedefine",
            "w:hidden",
            "w:uiPriority",
            "w:semiHidden",
            "w:unhideWhenUsed",
            "w:qFormat",
            "w:locked",
            "w:personal",
            "w:personalCompose",
            "w:personalReply",
            "w:rsid",
            "w:pPr",
            "w:rPr",
            "w:tblPr",
            "w:trPr",
            "w:tcPr",
            "w:tblStylePr",
        ],
    ),
    (
        "w:settings",
        &[
            "w:writeProtection",
            "w:view",
            "w:zoom",
            "w:mirrorMargins",
            "w:bordersDoNotSurroundHeader",
            "w:gutterAtTop",
            "w:stylePaneFormatFilter",
            "w:documentProtection",
            "w:autoFormatOverride",
            "w:defaultTabStop",
            "w:autoHyphenation",
            "w:evenAndOddHeaders",
            "w:bookFoldPrinting",
            "w:drawingGridHorizontalSpacing",
            "w:drawingGridVerticalSpacing",
            "w:characterSpacingControl",
            "w:noLineBreaksAfter",
            "w:noLineBreaksBefore",
            "w:footnotePr",
            "w:endnotePr",
            "w:compat",
            "w:docVars",
            "w:rsids",
            "w:themeFontLang",
            "w:clrSchemeMapping",
            "w:decimalSymbol",
            "w:listSeparator",
        ],
    ),
    ("w:fonts", &["w:font"]),
    (
        "w:font",
        &[
            "w:altName",
            "w:panose1",
            "w:charset",
            "w:family",
            "w:notTrueType",
            "w:pitch",
            "w:sig",
            "w:embedRegular",
            "w:embedBold",
            "w:embedItalic",
            "w:embedBoldItalic",
        ],
    ),
    ("w:drawing", &["wp:inline wp:anchor"]),
    (
        "wp:inline",
        &["wp:extent", "wp:effectExtent", "wp:docPr", "wp:cNvGraphicFramePr", "a:graphic"],
    ),
    (
        "wp:anchor",
        &[
            "wp:simplePos",
            "wp:positionH",
            "wp:positionV",
            "wp:extent",
            "wp:effectExtent",
            "wp:wrapNone wp:wrapSquare wp:wrapTight wp:wrapThrough wp:wrapTopAndBottom",
            "wp:docPr",
            "wp:cNvGraphicFramePr",
            "a:graphic",
        ],
    ),
    ("a:graphic", &["a:graphicData"]),
    ("a:graphicData", &["pic:pic"]),
    ("pic:pic", &["pic:nvPicPr", "pic:blipFill", "pic:spPr"]),
    ("pic:nvPicPr", &["pic:cNvPr", "pic:cNvPicPr"]),
    ("pic:blipFill", &["a:blip", "a:srcRect", "a:tile a:stretch"]),
    ("a:blip", &["a:alphaModFix a:lum a:grayscl a:duotone", "a:extLst"]),
    ("a:extLst", &["a:ext"]),
    ("a:ext", &["asvg:svgBlip"]),
    ("a:stretch", &["a:fillRect"]),
    (
        "pic:spPr",
        &["a:xfrm", "a:custGeom a:prstGeom", "a:noFill a:solidFill", "a:ln", "a:effectLst"],
    ),
    ("a:xfrm", &["a:off", "a:ext"]),
    ("a:prstGeom", &["a:avLst"]),
    ("Types", &["Default Override"]),
    ("Relationships", &["Relationship"]),
    (
        "cp:coreProperties",
        &["dc:title dc:subject dc:creator cp:lastModifiedBy dcterms:created dcterms:modified"],
    ),
    ("Properties", &["Application"]),
];

/// The first thing in `xml` that stands where the standard does not want it.
pub(super) fn fault(xml: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    // The open elements, each with its slots and the slot it has come to.
    let mut open: Vec<(String, Option<&[&str]>, usize)> = Vec::new();
    loop {
        let (start, is_open) = match reader.read_event() {
            Ok(Event::Start(start)) => (start, true),
            Ok(Event::Empty(start)) => (start, false),
            Ok(Event::End(_)) => {
                open.pop();
                continue;
            }
            Ok(Event::Eof) => return None,
            Ok(_) => continue,
            Err(error) => return Some(error.to_string()),
        };
        let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
        if let Some((parent, slots, at)) = open.last_mut() {
            let Some(slots) = slots else {
                return Some(format!("no order of <{parent}> is known"));
            };
            let slot = slots.iter().position(|slot| slot.split(' ').any(|one| one == name));
            match slot {
                None => return Some(format!("<{name}> has no place in <{parent}>")),
                Some(slot) if slot < *at => {
                    return Some(format!("<{name}> comes too late in <{parent}>"));
                }
                Some(slot) => *at = slot,
            }
        }
        if is_open {
            let slots = ORDER.iter().find(|(element, _)| *element == name).map(|(_, slots)| *slots);
            open.push((name, slots, 0));
        }
    }
}

#[test]
fn what_is_out_of_order_is_found() {
    for (xml, expected) in [
        (r#"<w:pPr><w:spacing/><w:ind/><w:jc/></w:pPr>"#, None),
        (
            r#"<w:pPr><w:spacing/><w:jc/><w:ind/></w:pPr>"#,
            Some("<w:ind> comes too late in <w:pPr>"),
        ),
        (r#"<w:tcPr><w:vAlign/><w:tcW/></w:tcPr>"#, Some("<w:tcW> comes too late in <w:tcPr>")),
        (
            r#"<w:p><w:pPr><w:jc/></w:pPr><w:r/><w:pPr/></w:p>"#,
            Some("<w:pPr> comes too late in <w:p>"),
        ),
        (r#"<w:p><w:tbl/></w:p>"#, Some("<w:tbl> has no place in <w:p>")),
        (r#"<w:sdt><w:p/></w:sdt>"#, Some("no order of <w:sdt> is known")),
    ] {
        assert_eq!(fault(xml).as_deref(), expected, "{xml}");
    }
}
