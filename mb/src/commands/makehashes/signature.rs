//! Detached signatures of OpenPGP: the text of `FILE.asc`, else `FILE.sig`, which is put into ASCII armour if it has none
//! (RFC 9580, section 6).

use crate::session::warn;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

/// Nobody's signature is longer, in bytes.
const LONGEST: u64 = 1 << 20;

/// What comes behind the name of the file, the one that counts first.
pub(super) const ENDINGS: [&str; 2] = [".asc", ".sig"];

const BEGIN: &str = "-----BEGIN PGP SIGNATURE-----\n\n";
const END: &str = "-----END PGP SIGNATURE-----\n";

/// What the signature of a file is called.
pub(super) fn name_of(file: &OsStr, ending: &str) -> OsString {
    let mut name = file.to_owned();
    name.push(ending);
    name
}

/// Whether a column of `stored` bytes can hold what is in a signature of `length` bytes. One must be shorter than the
/// file, whose size is `size`, else it is none.
pub(super) fn can_be(stored: u64, ending: &str, length: u64, size: u64) -> bool {
    match length < size && length <= LONGEST {
        // It may be of another kind, and is read only when it has changed.
        true if ending == ".sig" => [0, length, armoured_length(length)].contains(&stored),
        true => stored == length,
        false => stored == 0,
    }
}

/// The signature of a file of `size` bytes; empty if it has none.
pub(super) fn read(file: &Path, size: u64) -> String {
    for ending in ENDINGS {
        let path = file.with_file_name(name_of(file.file_name().unwrap_or_default(), ending));
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let length = metadata.len();
                return match length < size && length <= LONGEST {
                    true => text_of(&path, ending),
                    false => String::new(),
                };
            }
            _ => {}
        }
    }
    String::new()
}

fn text_of(path: &Path, ending: &str) -> String {
    let text = fs::read(path).map(|bytes| match ending {
        ".sig" => of_sig(bytes),
        _ => String::from_utf8(bytes).ok(),
    });
    let path = path.display();
    match text {
        Ok(Some(text)) if !text.contains('\0') => text,
        Ok(_) => {
            warn(format_args!(
                "{path}: is no text, and taken for no signature"
            ));
            String::new()
        }
        Err(error) => {
            warn(format_args!("{path}: {error}; taken for no signature"));
            String::new()
        }
    }
}

/// Others than OpenPGP's have this ending, too; they are none of ours.
fn of_sig(bytes: Vec<u8>) -> Option<String> {
    match bytes.first() {
        // The highest bit is set in the first byte of each packet.
        Some(first) if first & 0x80 != 0 => Some(armour(&bytes)),
        _ if bytes.starts_with(b"-----BEGIN PGP SIGNATURE-----") => String::from_utf8(bytes).ok(),
        _ => Some(String::new()),
    }
}

fn armour(bytes: &[u8]) -> String {
    let mut text = BEGIN.to_owned();
    for line in bytes.chunks(48) {
        STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text.push('=');
    let [_, sum @ ..] = checksum(bytes).to_be_bytes();
    STANDARD.encode_string(sum, &mut text);
    text.push('\n');
    text + END
}

fn armoured_length(length: u64) -> u64 {
    let (digits, lines) = (4 * length.div_ceil(3), length.div_ceil(48));
    (BEGIN.len() + END.len() + "=abcd\n".len()) as u64 + digits + lines
}

/// CRC-24 (RFC 9580, section 6.1.1).
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00b7_04ce, |sum, byte| {
        let mut sum = sum ^ u32::from(*byte) << 16;
        for _ in 0..8 {
            sum <<= 1;
            if sum & 0x0100_0000 != 0 {
                sum ^= 0x0186_4cfb;
            }
        }
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_is_as_long_as_was_said() {
        for length in [1, 2, 3, 47, 48, 49, 96, 310] {
            let text = armour(&vec![0x88; length]);
            assert_eq!(
                text.len() as u64,
                armoured_length(length as u64),
                "{length}"
            );
        }
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // The check value of CRC-24/OPENPGP in catalogues.
        assert_eq!(checksum(b"123456789"), 0x0021_cf02);
    }
}
