//! Files, plain or compressed, of lines or of a router's records.

use super::mrt;
use super::networks::Networks;
use background::Progress;
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// A line that is longer is no line of these formats; it is cut here.
const LONGEST: u64 = 4096;

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// Reads a file of lines (see [`line`](super::line)) or a dump of a routing table (MRT, RFC 6396), plain, gzipped or
/// compressed with bzip2, and adds what it says to `networks`. Progress is in bytes.
///
/// # Errors
/// If the file cannot be read. What it says wrong is counted in `networks`.
pub fn read(path: &Path, networks: &mut Networks, progress: &dyn Progress) -> io::Result<()> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    read_from(file, Some(size), path, networks, progress)
}

/// The same from an open file or pipe, of `size` bytes if that is known. Errors call it `path`.
///
/// # Errors
/// Those of [`read`].
pub fn read_from(
    source: impl Read,
    size: Option<u64>,
    path: &Path,
    networks: &mut Networks,
    progress: &dyn Progress,
) -> io::Result<()> {
    let name = path.file_name().unwrap_or(path.as_os_str());
    progress.begin(&name.to_string_lossy(), size);
    let counted = Counted { source, progress };
    let result = decompressed(BufReader::with_capacity(BUFFER, counted), path, networks);
    progress.end();
    result
}

fn decompressed(
    mut source: BufReader<impl Read>,
    path: &Path,
    networks: &mut Networks,
) -> io::Result<()> {
    let beginning = source.fill_buf()?;
    if beginning.starts_with(&[0x1f, 0x8b]) {
        contents(
            BufReader::with_capacity(BUFFER, MultiGzDecoder::new(source)),
            path,
            networks,
        )
    } else if beginning.starts_with(b"BZh") {
        contents(
            BufReader::with_capacity(BUFFER, MultiBzDecoder::new(source)),
            path,
            networks,
        )
    } else {
        contents(source, path, networks)
    }
}

fn contents(mut source: impl BufRead, path: &Path, networks: &mut Networks) -> io::Result<()> {
    if mrt::is_dump(source.fill_buf()?) {
        return mrt::read(source, path, networks);
    }
    lines(source, path, networks)
}

/// Reports how much has been read.
struct Counted<'p, R> {
    source: R,
    progress: &'p dyn Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

fn lines(mut text: impl BufRead, path: &Path, networks: &mut Networks) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        if text.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let cut = line.len() as u64 == LONGEST && line.last() != Some(&b'\n');
        if cut {
            text.skip_until(b'\n')?;
        }
        networks.add(&String::from_utf8_lossy(&line), || {
            format!("{}:{number}", path.display())
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn networks(bytes: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut networks = Networks::default();
        read(file.path(), &mut networks, &()).unwrap();
        networks.to_string()
    }

    #[test]
    fn plain_and_gzipped_files_are_read() {
        let text = b"10.0.0.0\t8\t1\n2001:db8::\t32\t2"; // no newline at the end
        assert_eq!(networks(text), "read 1 IPv4 and 1 IPv6 networks");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        assert_eq!(
            networks(&gzip.finish().unwrap()),
            "read 1 IPv4 and 1 IPv6 networks"
        );
    }

    #[test]
    fn a_line_without_end_is_one_malformed_line() {
        let mut text = vec![b'x'; 100_000];
        text.extend_from_slice(b"\n10.0.0.0\t8\t1\n\xff\xfe\n");
        let found = networks(&text);
        assert!(
            found.starts_with("read 1 IPv4 and 0 IPv6 networks, left out 2 malformed"),
            "{found}"
        );
    }
}
