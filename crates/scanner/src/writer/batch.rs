//! Changes of several mirrors as one transaction.

use super::{Change, locked};
use mirror_db::tables::filearr::merge;
use mirror_db::tables::scan;
use pg::{Connection, ConnectionError};
use std::collections::{BTreeMap, HashMap};

/// Changes that are written together.
pub(super) struct Batch {
    changes: Vec<Change>,
}

impl Batch {
    pub fn new(change: Change) -> Self {
        Self {
            changes: vec![change],
        }
    }

    pub fn add(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// How many rows it writes at most.
    pub fn len(&self) -> usize {
        let len = |change: &Change| change.come.len() + change.gone.len() + change.names.len();
        self.changes.iter().map(len).sum()
    }

    /// Writes it, and returns the numbers of all names, in the order in which [`names`](Self::names) gives
    /// them.
    pub fn write(
        &self,
        connection: &mut Connection,
        has_tables: bool,
    ) -> Result<Vec<i32>, ConnectionError> {
        merge::lock(connection)?;
        if has_tables {
            // It says what a mirror has only if it has all of it.
            for change in &self.changes {
                scan::forget_snapshot(connection, i32::from(change.mirror))?;
            }
        }
        let mut rows: BTreeMap<i32, merge::Change> = BTreeMap::new();
        for change in &self.changes {
            let number = |id: &u32| i32::try_from(*id).unwrap_or(-1);
            for id in change.come.iter().map(number) {
                rows.entry(id).or_default().come.push(change.mirror);
            }
            for id in change.gone.iter().map(number) {
                rows.entry(id).or_default().gone.push(change.mirror);
            }
        }
        let (names, mirrors) = self.names();
        let mirrors: Vec<&[i16]> = mirrors.iter().map(Vec::as_slice).collect();
        let mut numbers = Vec::new();
        if !names.is_empty() {
            let added = merge::add_paths(connection, &names, &mirrors)?;
            for ((id, was_known), mirrors) in added.iter().zip(&mirrors) {
                numbers.push(*id);
                if *was_known {
                    rows.entry(*id).or_default().come.extend_from_slice(mirrors);
                }
            }
        }
        let rows: Vec<_> = rows.into_iter().collect();
        if !rows.is_empty() {
            merge::merge(connection, &rows)?;
        }
        Ok(numbers)
    }

    /// Each name once, with the mirrors that have it.
    fn names(&self) -> (Vec<&str>, Vec<Vec<i16>>) {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let (mut names, mut mirrors) = (Vec::new(), Vec::<Vec<i16>>::new());
        for change in &self.changes {
            for name in change.names.iter() {
                let place = *places.entry(name).or_insert_with(|| {
                    names.push(name);
                    mirrors.push(Vec::new());
                    names.len() - 1
                });
                if let Some(mirrors) = mirrors.get_mut(place)
                    && mirrors.last() != Some(&change.mirror)
                {
                    mirrors.push(change.mirror);
                }
            }
        }
        (names, mirrors)
    }

    /// Tells each mirror the numbers of its names, or why they have none.
    pub fn tell(&self, result: Result<Vec<i32>, ConnectionError>) {
        let (names, _) = self.names();
        let numbers: HashMap<&str, u32> = match &result {
            Ok(numbers) => {
                let numbers = numbers
                    .iter()
                    .map(|id| u32::try_from(*id).unwrap_or(u32::MAX));
                names.into_iter().zip(numbers).collect()
            }
            Err(_) => HashMap::new(),
        };
        for change in &self.changes {
            let mut told = locked(&change.result);
            match &result {
                Ok(_) => {
                    let files = change.names.iter().filter_map(|name| numbers.get(name));
                    told.files.extend(files.copied());
                }
                Err(error) => told.error = Some(error.clone()),
            }
        }
    }
}
