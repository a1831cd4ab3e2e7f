//! The digests of the whole file.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// The digests of a file, raw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// RFC 1321
    pub md5: [u8; 16],
    /// RFC 3174
    pub sha1: [u8; 20],
    /// RFC 6234
    pub sha256: [u8; 32],
    /// RFC 6234, if it is wanted
    pub sha512: Option<[u8; 64]>,
}

impl Digests {
    /// What is known after the last byte.
    pub(crate) fn finish(md5: Md5, sha1: Sha1, sha256: Sha256, sha512: Option<Sha512>) -> Self {
        Self {
            md5: md5.finalize().into(),
            sha1: sha1.finalize().into(),
            sha256: sha256.finalize().into(),
            sha512: sha512.map(|sha512| sha512.finalize().into()),
        }
    }
}
