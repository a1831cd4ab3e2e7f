//! What a document can be made from, where the database knows or tells less than all.

use super::FileRequest;
use crate::made_hashes::{Made, NotMade};
use representation::{Digest, Representation};

/// What mirrors have of a file that they are listed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnMirrors {
    /// The file
    Yes,
    /// Maybe another version: it changes in place (`MirrorBrainVolatileFileMask`)
    MaybeOlder,
    /// They are not to have it: it is excluded
    No,
}

/// What there is to make a document from.
pub struct Basis {
    /// Whether the database answered.
    pub reached: bool,
    /// Whether the list that is asked for has a URL.
    pub has_source: bool,
    /// Whether hashes could not be read.
    pub digests_failed: bool,
    /// Hashes that were made just now.
    pub made: Result<Made, NotMade>,
}

impl Basis {
    /// Whether it is enough; else the client is asked to try again later.
    pub fn suffices(&self, representation: Representation) -> bool {
        if !representation.needs_hashes() {
            return self.reached || self.has_source;
        }
        match self.made {
            Ok(_) => true,
            Err(NotMade::Busy) => false,
            Err(NotMade::Unwanted | NotMade::Unreadable) => self.reached && !self.digests_failed,
        }
    }
}

impl FileRequest<'_> {
    /// Hashes of a small file, for a representation that holds them and a database that does not
    /// know them.
    pub(super) fn make_hashes(&self, representation: Representation) -> Result<Made, NotMade> {
        let holds = match representation {
            Representation::Hash(digest) => digest != Digest::Btih,
            _ => representation.is_metalink() || representation == Representation::Mirrorlist,
        };
        let most = self.exchange.config.hash_max_size();
        if !holds || self.file.size > most || most == 0 {
            return Err(NotMade::Unwanted);
        }
        let made = self.exchange.runtime.made_hashes.of(&self.file);
        if let Err(problem) = made {
            self.step(|| format!("no hashes were made: {problem}"));
        }
        made
    }
}
