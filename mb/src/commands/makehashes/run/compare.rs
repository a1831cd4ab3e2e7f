//! Which files of a directory need what.

use super::super::known::{KnownFile, find};
use super::super::listing::{Item, Listing, below};
use super::super::{signature, stamps};
use super::{Open, Run, Step, Task};
use std::collections::HashSet;

impl Run<'_> {
    /// Compares a directory with what the database knows of it.
    pub(super) fn compare(&mut self, listing: Listing, open: &mut Open) {
        let directory = &open.visit.relative;
        // Files that were changing are asked for anew.
        let known = match open.visit.attempt {
            0 => self.known.take(directory),
            _ => Vec::new(),
        };
        let mut kept: HashSet<&str> = HashSet::new();
        for item in &listing.files {
            let Some(name) = item.name.to_str() else {
                let path = open.visit.source.join(&item.name);
                self.report.warn(format_args!(
                    "{}: its name is not UTF-8, so the database cannot hold it",
                    path.display()
                ));
                continue;
            };
            kept.insert(name);
            let task = self.task(item, &listing, &known);
            open.steps.push(Step {
                item: item.clone(),
                relative: below(directory, name),
                is_listed: true,
                is_recorded: find(&known, name).is_some(),
                task,
            });
        }
        let stamped: HashSet<&str> = open.old_stamps.keys().filter_map(stamps::file_of).collect();
        let gone = known.iter().filter(|file| {
            let is_ours = self.settings.force || stamped.contains(&*file.name);
            is_ours && !kept.contains(&*file.name)
        });
        open.obsolete = gone
            .map(|file| (file.id, below(directory, &file.name)))
            .collect();
        open.directories = listing.directories;
    }

    pub(super) fn is_to_be_hashed(&self, item: &Item, known: &[KnownFile]) -> bool {
        let found = item.name.to_str().and_then(|name| find(known, name));
        self.settings.force || !found.is_some_and(|found| found.is(item.size, item.mtime))
    }

    fn task(&self, item: &Item, listing: &Listing, known: &[KnownFile]) -> Task {
        let found = item.name.to_str().and_then(|name| find(known, name));
        let Some(found) = found.filter(|_| !self.is_to_be_hashed(item, known)) else {
            return Task::Hash;
        };
        let mut endings = signature::ENDINGS.iter();
        let signature = endings.find_map(|ending| {
            let name = signature::name_of(&item.name, ending);
            Some((*ending, listing.file(&name)?))
        });
        // One that a mask hides, or a link leads to, is not seen here: it is left as it is.
        let is_other = signature.is_some_and(|(ending, signature)| {
            let stored = found.signature.unsigned_abs().into();
            !signature::can_be(stored, ending, signature.size, item.size)
                || signature.size < item.size && self.is_to_be_hashed(signature, known)
        });
        match is_other {
            true => Task::Sign(found.id, (found.size, found.mtime)),
            false => Task::Nothing,
        }
    }
}
