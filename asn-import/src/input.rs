//! Files, plain or gzipped, with a progress bar.

use crate::networks::Networks;
use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// A line that is longer is no line of these formats; it is cut here.
const LONGEST: u64 = 4096;

/// Reads a file; `-` is standard input.
pub fn read(path: &Path, networks: &mut Networks) -> io::Result<()> {
    let (source, size): (Box<dyn Read>, u64) = if path == Path::new("-") {
        (Box::new(io::stdin()), 0)
    } else {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        (Box::new(file), size)
    };
    let bar = bar(path, size);
    let mut source = BufReader::with_capacity(1 << 16, bar.wrap_read(source));
    if source.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let text = BufReader::new(MultiGzDecoder::new(source));
        lines(text, path, networks)?;
    } else {
        lines(source, path, networks)?;
    }
    bar.finish_and_clear();
    Ok(())
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

fn bar(path: &Path, size: u64) -> ProgressBar {
    let template = if size > 0 {
        "{msg:20} {wide_bar} {bytes}/{total_bytes}"
    } else {
        "{msg:20} {spinner} {bytes}"
    };
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    bar.set_message(name.to_string_lossy().into_owned());
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn networks(bytes: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut networks = Networks::default();
        read(file.path(), &mut networks).unwrap();
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
