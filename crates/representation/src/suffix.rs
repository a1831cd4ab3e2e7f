//! Representation from the suffix of a path: `file.iso.meta4`.

use crate::Representation;

/// Splits a path at its last dot. `None` if what follows is no representation (exact case).
/// The suffix is taken once: `a.md5.md5` is the MD5 of `a.md5`.
#[must_use]
pub fn strip(path: &[u8]) -> Option<(&[u8], Representation)> {
    let dot = path.iter().rposition(|&b| b == b'.')?;
    let (stem, rest) = path.split_at_checked(dot)?;
    let representation = Representation::from_name(rest.get(1..)?)?;
    Some((stem, representation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    #[test]
    fn each_representation_is_a_suffix() {
        for representation in Representation::ALL {
            let path = format!("/a/b.iso.{representation}");
            assert_eq!(
                strip(path.as_bytes()),
                Some((&b"/a/b.iso"[..], representation))
            );
        }
    }

    #[test]
    fn the_suffix_is_stripped_once() {
        let md5 = Representation::Hash(Digest::Md5);
        assert_eq!(strip(b"a.md5.md5"), Some((&b"a.md5"[..], md5)));
    }

    #[test]
    fn other_names_have_none() {
        for path in [
            "",
            "/",
            ".",
            "/a",
            "/a.",
            "/a.iso",
            "/a.META4",
            "/a.meta4/b",
            "/a.meta4.",
        ] {
            assert_eq!(strip(path.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn m01_yumlist_is_no_suffix() {
        assert_eq!(strip(b"/a.yumlist"), None);
    }
}
