//! How near a mirror is to a client, in the terms of networks and borders.

/// How near a mirror is to a client: the first that fits. The order is that of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Group {
    /// In the same network.
    Prefix,
    /// In the same autonomous system.
    As,
    /// In the same country, or serving it as if it were.
    Country,
    /// On the same continent.
    Region,
    /// Anywhere.
    Elsewhere,
    /// The file is larger than what the mirror delivers well.
    LastResort,
}

impl Group {
    /// All of them, in the order of preference.
    pub const ALL: [Self; 6] = [
        Self::Prefix,
        Self::As,
        Self::Country,
        Self::Region,
        Self::Elsewhere,
        Self::LastResort,
    ];
}

/// Why a mirror was chosen, for `X-MirrorBrain-Realm` and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the text of each says it")]
pub enum Realm {
    Prefix,
    As,
    Country,
    OtherCountry,
    Region,
    Other,
}

impl Realm {
    /// The text that clients and log analysers know.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::As => "AS",
            Self::Country => "country",
            Self::OtherCountry => "other_country",
            Self::Region => "region",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbered_in_order() {
        assert!(
            Group::ALL
                .iter()
                .enumerate()
                .all(|(n, &group)| group as usize == n)
        );
        assert!(Group::ALL.is_sorted());
    }
}
