//! Whether an evidence zip is whole: every byte of it, and that its parts say the same.
//!
//! In: the bytes of a file. Out: all findings, none for a sound one. Four witnesses are heard against each
//! other: the list of hashes, the manifest, the digests within each WARC record, and the container itself,
//! which is written anew from its content and compared. It asks no station and no network; a forger who makes
//! all of them anew is told by the hash of the whole file, which the station's audit holds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use pipelines::crawl::warc::Reader;

use super::container::{self, Part};
use super::manifest::{FORMAT, MANIFEST, Manifest, ManifestRecord, SUMS};
use super::sha256;

/// Something in a zip that is not as it was made. `cli.evidence.found_<name>` says it in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The file is no zip that can be read.
    NoZip {
        /// What the reader says.
        why: String,
    },
    /// A part is packed, or the parts together are longer than the file: no zip of ours is either. Nothing of the
    /// file is unpacked then.
    Packed {
        /// Its name.
        part: String,
    },
    /// A part cannot be read.
    Damaged {
        /// Its name.
        part: String,
        /// What the reader says.
        why: String,
    },
    /// A part that must be there is not.
    Missing {
        /// Its name.
        part: String,
    },
    /// A part that nothing speaks of.
    Extra {
        /// Its name.
        part: String,
    },
    /// The bytes of a part do not have the hash stated.
    Changed {
        /// Its name.
        part: String,
        /// Where the hash is stated.
        stated_in: String,
    },
    /// The manifest cannot be understood.
    Manifest {
        /// Why.
        why: String,
    },
    /// A record does not hold what the manifest says, or its own digests do not fit.
    Record {
        /// The part it lies in.
        part: String,
        /// What differs.
        why: String,
    },
    /// The parts are sound, but the file around them was changed.
    Container,
}

/// What became of a check.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// SHA-256 of the whole file, in hex.
    pub sha256: String,
    /// What the file says of itself, where that can be read.
    pub manifest: Option<Manifest>,
    /// Parts read.
    pub parts: usize,
    /// All that is wrong.
    pub findings: Vec<Finding>,
}

/// Checks the bytes of an evidence zip.
#[must_use]
pub fn verify(bytes: &[u8]) -> Verdict {
    let mut findings = Vec::new();
    let parts = read_parts(bytes, &mut findings);
    let by_name: BTreeMap<&str, &Part> = parts.iter().map(|p| (p.name.as_str(), p)).collect();
    check_sums(&by_name, &mut findings);
    let manifest = read_manifest(&by_name, &mut findings);
    if let Some(manifest) = &manifest {
        check_files(manifest, &by_name, &mut findings);
        for record in &manifest.records {
            if let Err(why) = check_record(record, &by_name) {
                findings.push(Finding::Record { part: record.record.clone(), why });
            }
        }
    }
    if findings.is_empty() && container::write(&parts).as_deref() != Some(bytes) {
        findings.push(Finding::Container);
    }
    Verdict { sha256: sha256(bytes), manifest, parts: parts.len(), findings }
}

fn read_parts(bytes: &[u8], findings: &mut Vec<Finding>) -> Vec<Part> {
    let mut zip = match zip::ZipArchive::new(Cursor::new(bytes)) {
        Ok(zip) => zip,
        Err(error) => {
            findings.push(Finding::NoZip { why: error.to_string() });
            return Vec::new();
        }
    };
    if let Some(part) = packed(&mut zip, bytes.len() as u64) {
        findings.push(Finding::Packed { part });
        return Vec::new();
    }
    let most = bytes.len() as u64;
    let mut parts = Vec::new();
    for i in 0..zip.len() {
        let name = zip.name_for_index(i).unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        let read = zip
            .by_index(i)
            .map_err(std::io::Error::other)
            .and_then(|part| part.take(most).read_to_end(&mut bytes));
        match read {
            Ok(_) => parts.push(Part { name, bytes }),
            Err(error) => findings.push(Finding::Damaged { part: name, why: error.to_string() }),
        }
    }
    parts
}

/// The first part that is not stored as it is, or that does not fit into a file of `length` beside those before it.
/// Parts may be made to share their bytes, so that a small file reads as a very large one.
fn packed(zip: &mut zip::ZipArchive<Cursor<&[u8]>>, length: u64) -> Option<String> {
    let mut total = 0u64;
    (0..zip.len()).find_map(|i| {
        let name = zip.name_for_index(i).unwrap_or_default().to_owned();
        let part = zip.by_index_raw(i).ok()?;
        total = total.saturating_add(part.size().max(part.compressed_size()));
        let is_stored = part.compression() == zip::CompressionMethod::Stored;
        (!is_stored || part.size() != part.compressed_size() || total > length).then_some(name)
    })
}

/// Every part but the list itself is in the list, and has the hash stated there.
fn check_sums(parts: &BTreeMap<&str, &Part>, findings: &mut Vec<Finding>) {
    let Some(list) = parts.get(SUMS) else {
        return findings.push(Finding::Missing { part: SUMS.to_owned() });
    };
    let mut listed = BTreeSet::new();
    for line in String::from_utf8_lossy(&list.bytes).lines() {
        let (sum, name) = line.split_once("  ").unwrap_or((line, ""));
        listed.insert(name.to_owned());
        compare(name, sum, SUMS, parts, findings);
    }
    for name in parts.keys().filter(|name| **name != SUMS && !listed.contains(**name)) {
        findings.push(Finding::Extra { part: (*name).to_owned() });
    }
}

fn compare(
    name: &str,
    sum: &str,
    stated_in: &str,
    parts: &BTreeMap<&str, &Part>,
    findings: &mut Vec<Finding>,
) {
    match parts.get(name) {
        None => findings.push(Finding::Missing { part: name.to_owned() }),
        Some(part) if sha256(&part.bytes) != sum => {
            let stated_in = stated_in.to_owned();
            findings.push(Finding::Changed { part: name.to_owned(), stated_in });
        }
        Some(_) => {}
    }
}

fn read_manifest(parts: &BTreeMap<&str, &Part>, findings: &mut Vec<Finding>) -> Option<Manifest> {
    // That it is missing was found with the list of hashes, unless that is missing too.
    let part = parts.get(MANIFEST)?;
    match serde_json::from_slice::<Manifest>(&part.bytes) {
        Ok(manifest) if manifest.format == FORMAT => Some(manifest),
        Ok(manifest) => {
            let why = format!("format `{}`; this version checks `{FORMAT}`", manifest.format);
            findings.push(Finding::Manifest { why });
            None
        }
        Err(error) => {
            findings.push(Finding::Manifest { why: error.to_string() });
            None
        }
    }
}

fn check_files(manifest: &Manifest, parts: &BTreeMap<&str, &Part>, findings: &mut Vec<Finding>) {
    for file in &manifest.files {
        compare(&file.name, &file.sha256, MANIFEST, parts, findings);
    }
    let known: BTreeSet<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    for name in parts.keys().filter(|name| !matches!(**name, MANIFEST | SUMS)) {
        if !known.contains(name) {
            findings.push(Finding::Extra { part: (*name).to_owned() });
        }
    }
    if manifest.records.is_empty() {
        findings.push(Finding::Manifest { why: "it names no record".to_owned() });
    }
}

/// The record as packed, its own digests, and that it holds the body, address, status and time stated.
fn check_record(stated: &ManifestRecord, parts: &BTreeMap<&str, &Part>) -> Result<(), String> {
    let part = |name: &str| parts.get(name).copied().ok_or_else(|| format!("{name} is not there"));
    let packed = part(&stated.record)?;
    if sha256(&packed.bytes) != stated.record_sha256 || stated.stored.sha256 != stated.record_sha256
    {
        return Err("its hash is not the one noted when it was written".to_owned());
    }
    let mut records = Reader::of_bytes(packed.bytes.clone());
    let record = records.next().ok_or("it is empty")?.map_err(|e| e.to_string())?;
    record.verify(0).map_err(|e| e.to_string())?;
    if records.next().is_some() {
        return Err("more than one record stands there".to_owned());
    }
    let (status, headers, body) = record.http().ok_or("it holds no HTTP answer")?;
    let payload = part(&stated.payload)?;
    let date = record.field("warc-date").and_then(|text| text.parse().ok());
    let says = [
        ("body", payload.bytes == body && sha256(body) == stated.payload_sha256),
        ("address", record.field("warc-target-uri") == Some(stated.url.as_str())),
        ("status", status == stated.status),
        ("header", headers == stated.headers),
        ("time", date == Some(stated.fetched_at)),
    ];
    match says.iter().find(|(_, is_same)| !is_same) {
        Some((what, _)) => Err(format!("its {what} is not what the manifest states")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip_of(method: zip::CompressionMethod, parts: usize, bytes: &[u8]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for i in 0..parts {
            let options = SimpleFileOptions::default().compression_method(method);
            zip.start_file(format!("{i}.bin"), options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn is_packed(bytes: &[u8]) -> bool {
        let verdict = verify(bytes);
        verdict.parts == 0 && matches!(verdict.findings[0], Finding::Packed { .. })
    }

    #[test]
    fn a_zip_that_unpacks_to_gigabytes_is_refused_without_unpacking() {
        let bomb = zip_of(zip::CompressionMethod::Deflated, 40, &vec![0; 1 << 22]);
        assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
        assert!(is_packed(&bomb));
        assert!(!is_packed(&zip_of(zip::CompressionMethod::Stored, 3, b"whole")));
    }

    #[test]
    fn parts_that_share_their_bytes_are_refused() {
        let mut zip = zip_of(zip::CompressionMethod::Stored, 2, &[7; 1000]);
        // The directory says of both that they are longer than they are.
        let at: Vec<usize> = zip
            .windows(4)
            .enumerate()
            .filter(|(_, w)| w == b"PK\x01\x02")
            .map(|(n, _)| n)
            .collect();
        for at in at {
            for field in [20, 24] {
                zip[at + field..at + field + 4].copy_from_slice(&1_500u32.to_le_bytes());
            }
        }
        assert!(is_packed(&zip));
    }
}
