//! What an object store says in XML: the objects of a page, or what is wrong.
//!
//! In: bytes of an answer. Out: objects in their order; the code and words of a refusal, as far as they can be read.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::fault::BucketFault;
use super::instant;
use crate::evidence::Listed;

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub code: String,
    pub words: String,
    /// The region the bucket is in, where that was wrong.
    pub region: String,
}

/// Hands each text to `take` with the name of the element around it, and each end with an empty text.
fn walk(xml: &[u8], take: &mut dyn FnMut(&str, Option<&str>)) -> Result<(), String> {
    let mut reader = Reader::from_reader(xml);
    let mut open: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(start) => {
                text.clear();
                open.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
            }
            Event::Text(piece) => text.push_str(&piece.decode().map_err(|e| e.to_string())?),
            Event::GeneralRef(name) => {
                let name = name.decode().map_err(|e| e.to_string())?;
                text.push_str(
                    quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default(),
                );
            }
            Event::End(_) => {
                let Some(name) = open.pop() else { continue };
                take(&name, Some(&text));
                text.clear();
                take(&name, None);
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The objects of a page, under their whole keys.
pub(super) fn page(xml: &[u8]) -> Result<Vec<Listed>, BucketFault> {
    let mut objects: Vec<Listed> = Vec::new();
    let (mut name, mut bytes, mut written) = (String::new(), None, None);
    let mut lacking = false;
    let read = walk(xml, &mut |element, text| match (element, text) {
        ("Key", Some(text)) => text.clone_into(&mut name),
        ("Size", Some(text)) => bytes = text.parse::<u64>().ok(),
        ("LastModified", Some(text)) => written = instant(text),
        ("Contents", None) => match (bytes.take(), written.take()) {
            (Some(bytes), Some(written)) => {
                objects.push(Listed { name: std::mem::take(&mut name), bytes, written });
            }
            _ => lacking = true,
        },
        _ => {}
    });
    let broken = |why: &str| BucketFault::Answer { status: 200, why: why.to_owned() };
    read.map_err(|why| broken(&why))?;
    if lacking {
        return Err(broken("an object without size or time"));
    }
    Ok(objects)
}

/// What a refusal says; empty where it says nothing that can be read.
pub(super) fn said(xml: &[u8]) -> Said {
    let mut said = Said::default();
    // What can be read up to a fault stands.
    let _ = walk(xml, &mut |element, text| match (element, text) {
        ("Code", Some(text)) => text.clone_into(&mut said.code),
        ("Message", Some(text)) => text.clone_into(&mut said.words),
        ("Region", Some(text)) => text.clone_into(&mut said.region),
        _ => {}
    });
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_a_broken_one_refused() {
        let xml = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3\"><Name>b</Name><Contents>\
            <Key>a&amp;b.warc.gz</Key><LastModified>2026-11-27T01:02:03.000Z</LastModified><ETag>&quot;x&quot;</ETag>\
            <Size>7</Size><Owner><ID>1</ID></Owner></Contents><IsTruncated>false</IsTruncated></ListBucketResult>";
        let objects = page(xml.as_bytes()).unwrap();
        assert_eq!(
            (objects[0].name.as_str(), objects[0].bytes, objects.len()),
            ("a&b.warc.gz", 7, 1)
        );
        assert_eq!(objects[0].written.to_rfc3339(), "2026-11-27T01:02:03+00:00");
        assert!(page(&xml.replace("<Size>7</Size>", "").into_bytes()).is_err());
        assert!(page(b"<a><b></a>").is_err());
    }

    #[test]
    fn a_refusal_is_read() {
        let xml = b"<Error><Code>NoSuchBucket</Code><Message>no &lt;b&gt;</Message></Error>";
        let expected =
            Said { code: "NoSuchBucket".into(), words: "no <b>".into(), ..Said::default() };
        assert_eq!(said(xml), expected);
        assert_eq!(said(b"502 Bad Gateway"), Said::default());
    }
}
