//! A zip written in exactly one way: stored, in order, without times or owners.
//!
//! In: names and bytes. Out: the bytes of a zip that every tool opens. The same content is the same bytes
//! whatever the version of any library, so that reading a zip, writing it anew and comparing finds any changed
//! byte, also where no reader looks. Refuses what does not fit the plain format (4 GiB, 65,535 files).

/// The DOS date of 1980-01-01, the first there is.
const DATE: u16 = 0x0021;

/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

const VERSION: u16 = 10;

/// One file of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// The container of `parts`; none where they do not fit the plain format.
pub(super) fn write(parts: &[Part]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for part in parts {
        let offset = u32::try_from(out.len()).ok()?;
        let common = common(part)?;
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(&common);
        out.extend(part.name.as_bytes());
        out.extend(&part.bytes);
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&common);
        // Comment length, disk, internal and external attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(part.name.as_bytes());
    }
    let count = u16::try_from(parts.len()).ok().filter(|n| *n < u16::MAX)?;
    let (start, length) = (u32::try_from(out.len()).ok()?, u32::try_from(directory.len()).ok()?);
    out.extend(directory);
    out.extend(0x0605_4b50_u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    Some(out)
}

/// What the local header and the directory share: version, flags, method, time, check sum, sizes, lengths.
fn common(part: &Part) -> Option<Vec<u8>> {
    let size = u32::try_from(part.bytes.len()).ok().filter(|n| *n < u32::MAX)?;
    let mut crc = flate2::Crc::new();
    crc.update(&part.bytes);
    let mut out = Vec::new();
    for field in [VERSION, FLAGS, 0, 0, DATE] {
        out.extend(field.to_le_bytes());
    }
    for field in [crc.sum(), size, size] {
        out.extend(field.to_le_bytes());
    }
    out.extend(u16::try_from(part.name.len()).ok()?.to_le_bytes());
    out.extend([0; 2]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn any_zip_reader_opens_it() {
        let part = |name: &str, bytes: &[u8]| Part { name: name.into(), bytes: bytes.into() };
        let parts = [part("a.txt", b"one"), part("records/01.warc.gz", &[0, 1, 2]), part("e", b"")];
        let bytes = write(&parts).unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
        assert_eq!(zip.len(), 3);
        for part in &parts {
            let mut read = Vec::new();
            zip.by_name(&part.name).unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, part.bytes);
        }
        assert_eq!(write(&parts).unwrap(), bytes);
    }
}
