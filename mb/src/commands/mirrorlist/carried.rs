//! Which mirrors carry which subtrees.

use crate::error::Failure;
use mirror_db::tables::filearr::{self, PathPattern};
use mirror_db::tables::marker::Marker;
use mirror_db::tables::server::Server;
use pg::Connection;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Markers, and who has the files that they name.
pub(super) struct Carried<'a> {
    markers: &'a [Marker],
    /// The ids of the mirrors that have a file, by its pattern.
    holders: HashMap<&'a str, HashSet<i32>>,
}

/// A mirror as JSON has it.
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    #[serde(flatten)]
    mirror: &'a Server,
    subtrees: Vec<&'a str>,
}

impl<'a> Carried<'a> {
    /// Looks each pattern up once, however many markers have it.
    pub fn look_up(markers: &'a [Marker], connection: &mut Connection) -> Result<Self, Failure> {
        let mut holders = HashMap::new();
        for file in markers.iter().flat_map(|marker| &marker.files) {
            let (pattern, _) = read(file);
            if !holders.contains_key(pattern) {
                let ids = filearr::mirrors(connection, &PathPattern::parse(pattern))?;
                holders.insert(pattern, ids.into_iter().collect());
            }
        }
        Ok(Self { markers, holders })
    }

    /// The markers in their order, and whether a mirror carries what they stand for.
    pub fn of(&self, mirror: &Server) -> impl Iterator<Item = (&'a Marker, bool)> {
        let id = mirror.id;
        self.markers.iter().map(move |marker| {
            let holds = |file: &String| {
                let (pattern, is_there) = read(file);
                let holders = self.holders.get(pattern);
                holders.is_some_and(|ids| ids.contains(&id)) == is_there
            };
            (marker, marker.files.iter().all(holds))
        })
    }

    /// The markers.
    pub fn markers(&self) -> &'a [Marker] {
        self.markers
    }

    /// The mirrors with what they carry.
    pub fn json<'m>(&self, mirrors: &'m [Server]) -> Vec<Listed<'m>>
    where
        'a: 'm,
    {
        let listed = |mirror: &'m Server| {
            let carried = self.of(mirror).filter(|(_, is_carried)| *is_carried);
            Listed {
                mirror,
                subtrees: carried.map(|(marker, _)| &*marker.subtree_name).collect(),
            }
        };
        mirrors.iter().map(listed).collect()
    }
}

/// The pattern, and whether it is to be there.
fn read(file: &str) -> (&str, bool) {
    match file.strip_prefix('!') {
        Some(pattern) => (pattern, false),
        None => (file, true),
    }
}
