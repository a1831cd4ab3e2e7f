//! What is left of files that are gone.

use super::super::listing::below;
use super::{Open, Run, Task};
use crate::error::Failure;
use crate::python::repr;
use mirror_db::tables::hash::record;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

impl Run<'_> {
    /// Tells what would be done for the files of a directory.
    pub(super) fn tell(&mut self, open: &Open) -> Result<(), Failure> {
        let source = open.visit.source.display();
        self.report
            .verbose(format_args!("Examining directory {source}"))?;
        for step in &open.steps {
            if matches!(step.task, Task::Nothing) {
                self.report.totals.unchanged += 1;
                continue;
            }
            let relative = &step.relative;
            if matches!(step.task, Task::Sign(..)) {
                let line = format!("Would update signature of {relative}");
                self.report.line(line)?;
                continue;
            }
            let stamp = open.stamps.join(step.item.stamp());
            self.report
                .line(format_args!("Would create hash file {}", stamp.display()))?;
            if !step.is_listed {
                self.say_unlisted(relative)?;
            }
            self.report
                .line(format_args!("Would create hashes in db for:  {relative}"))?;
            self.report.totals.hashed += 1;
            self.report.totals.hashed_bytes += step.item.size;
        }
        Ok(())
    }

    pub(super) fn say_unlisted(&mut self, relative: &str) -> std::io::Result<()> {
        self.report.line(format_args!(
            "File {} not in database. Not on mirrors yet? Will be inserted.",
            repr(relative.as_bytes())
        ))
    }

    /// Removes stamps and rows without a file.
    pub(super) fn finish(&mut self, open: &Open) -> Result<(), Failure> {
        // Rows first: what a run that ends here has left is found by its stamps.
        for (id, path) in &open.obsolete {
            let path = repr(path.as_bytes());
            self.report
                .line(format_args!("Obsolete hash in db: {path} (id {id})"))?;
        }
        if !open.obsolete.is_empty() && !self.settings.dry_run {
            let count = open.obsolete.len();
            let line = format!("Deleting {count} obsolete hashes from hash table");
            self.report.line(line)?;
            let ids: Vec<i32> = open.obsolete.iter().map(|(id, _)| *id).collect();
            self.report.totals.removed += record::remove(self.connection, &ids)?;
        }
        let mut kept: HashSet<OsString> = open.steps.iter().map(|step| step.item.stamp()).collect();
        kept.extend(open.directories.iter().cloned());
        for (name, is_directory) in &open.old_stamps {
            if kept.contains(name) {
                continue;
            }
            let path = open.stamps.join(name);
            match is_directory {
                true => self.remove_directory(open, &path, name)?,
                false => self.remove_stamp(&path)?,
            }
        }
        Ok(())
    }

    fn remove_stamp(&mut self, path: &Path) -> Result<(), Failure> {
        let shown = repr(path.as_os_str().as_encoded_bytes());
        if self.settings.dry_run {
            let line = format!("Would unlink obsolete {shown}");
            return Ok(self.report.line(line)?);
        }
        self.report
            .line(format_args!("Unlinking obsolete {shown}"))?;
        self.unlinked_files += 1;
        if let Err(error) = fs::remove_file(path) {
            self.failed(path, error);
        }
        Ok(())
    }

    fn remove_directory(
        &mut self,
        open: &Open,
        path: &Path,
        name: &OsString,
    ) -> Result<(), Failure> {
        let shown = repr(path.as_os_str().as_encoded_bytes());
        if self.settings.dry_run {
            let line = format!("Would recursively remove obsolete directory {shown}");
            return Ok(self.report.line(line)?);
        }
        self.report.line(format_args!(
            "Recursively removing obsolete directory {shown}"
        ))?;
        self.unlinked_directories += 1;
        if let Some(name) = name.to_str() {
            let directory = below(&open.visit.relative, name);
            self.report.line(format_args!(
                "Recursively removing hashes in database: {directory}/*"
            ))?;
            self.report.totals.removed += record::remove_below(self.connection, &directory)?;
        }
        if let Err(error) = fs::remove_dir_all(path) {
            self.failed(path, error);
        }
        Ok(())
    }
}
