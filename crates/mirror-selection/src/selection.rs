//! What a selection gives.

use crate::{Client, Code, Group, Mirror, Realm, Region, Weight};

/// A mirror that the client may use.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    pub(crate) mirror: &'a Mirror,
    pub(crate) client: &'a Client,
    pub(crate) group: Group,
    pub(crate) in_country: bool,
    pub(crate) weight: Option<Weight>,
}

impl<'a> Choice<'a> {
    /// The mirror.
    pub fn mirror(&self) -> &'a Mirror {
        self.mirror
    }

    /// How near it is.
    pub fn group(&self) -> Group {
        self.group
    }

    /// What its place in its group comes from, if [`Spread`](crate::Spread) made the order.
    pub fn weight(&self) -> Option<Weight> {
        self.weight
    }

    /// The country of the mirror; a `**` mirror has the client's.
    pub fn country(&self) -> Code {
        if self.mirror.country == Code::WILDCARD {
            self.client.country.unwrap_or(Code::UNKNOWN)
        } else {
            self.mirror.country
        }
    }

    /// The region of the mirror; a `**` mirror has the client's.
    pub fn region(&self) -> Option<Region> {
        if self.mirror.country == Code::WILDCARD {
            self.client.region
        } else {
            self.mirror.region
        }
    }

    /// What to say about the choice of this mirror.
    pub fn realm(&self) -> Realm {
        match self.group {
            Group::Prefix => Realm::Prefix,
            Group::As => Realm::As,
            Group::Country if self.in_country => Realm::Country,
            Group::Country => Realm::OtherCountry,
            Group::Region => Realm::Region,
            Group::Elsewhere | Group::LastResort => Realm::Other,
        }
    }
}

/// The outcome of [`select`](crate::select).
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    /// In order.
    pub(crate) choices: Vec<Choice<'a>>,
    /// One of those that tie with the first.
    pub(crate) target: Option<Choice<'a>>,
    pub(crate) uses_fallbacks: bool,
}

impl<'a> Selection<'a> {
    /// The mirror to redirect to: one of those that come first, drawn by score if several tie.
    /// `None` if no mirror is usable and no fallback is configured.
    pub fn target(&self) -> Option<&Choice<'a>> {
        self.target.as_ref()
    }

    /// The mirrors in the order of preference, over all groups: all usable ones, or as many as the
    /// [`Extent`](crate::Extent) asked for.
    pub fn ranked(&self) -> &[Choice<'a>] {
        &self.choices
    }

    /// Puts the mirror at an index of [`ranked`](Self::ranked) in front of all others, whatever its
    /// group, and makes it the target.
    pub fn put_first(&mut self, index: usize) {
        if let Some(choices) = self.choices.get_mut(..=index) {
            choices.rotate_right(1);
            self.target = choices.first().copied();
        }
    }

    /// Makes the mirror at an index the target, and leaves it where it is.
    pub fn aim_at(&mut self, index: usize) {
        if let Some(choice) = self.choices.get(index) {
            self.target = Some(*choice);
        }
    }

    /// The groups of [`ranked`](Self::ranked) that have a mirror, in the order of preference.
    pub fn groups(&self) -> impl Iterator<Item = (Group, &[Choice<'a>])> {
        self.ranked()
            .chunk_by(|a, b| a.group == b.group)
            .filter_map(|group| Some((group.first()?.group, group)))
    }

    /// The mirrors of the first group that has one; empty if no mirror is usable.
    pub fn best_group(&self) -> &[Choice<'a>] {
        self.groups().next().map_or(&[], |(_, choices)| choices)
    }

    /// Whether the mirrors are fallbacks, because none of the candidates is usable.
    pub fn uses_fallbacks(&self) -> bool {
        self.uses_fallbacks
    }

    /// Whether a usable mirror serves every country as its own. Sure only with
    /// [`Extent::All`](crate::Extent::All).
    pub fn has_wildcard(&self) -> bool {
        self.choices
            .iter()
            .any(|choice| choice.mirror.country == Code::WILDCARD)
    }

    /// The usable mirror with that id. Sure to be found only with
    /// [`Extent::All`](crate::Extent::All). Fallbacks have no id.
    pub fn find(&self, mirror_id: i64) -> Option<&Choice<'a>> {
        self.choices.get(self.position(mirror_id)?)
    }

    /// The index of that mirror in [`ranked`](Self::ranked).
    pub fn position(&self, mirror_id: i64) -> Option<usize> {
        if self.uses_fallbacks {
            return None;
        }
        self.choices
            .iter()
            .position(|choice| choice.mirror.id == mirror_id)
    }
}
