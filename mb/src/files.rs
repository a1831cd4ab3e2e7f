//! Files that are there complete or as they were.

use crate::error::Failure;
use nix::unistd::{Group, User};
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

/// Who a file belongs to: `None` leaves it to the system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    user: Option<u32>,
    group: Option<u32>,
}

impl Owner {
    /// A user and a group, by name or number.
    ///
    /// # Errors
    /// If the system does not know one of them.
    pub(crate) fn named(user: Option<&str>, group: Option<&str>) -> Result<Self, Failure> {
        let unknown =
            |kind: &str, name: &str| Failure::new(format!("there is no {kind} \"{name}\""));
        let number = |name: &str| name.parse::<u32>().ok();
        let user = user.map(|name| {
            let known = User::from_name(name)
                .ok()
                .flatten()
                .map(|user| user.uid.as_raw());
            known.or(number(name)).ok_or_else(|| unknown("user", name))
        });
        let group = group.map(|name| {
            let known = Group::from_name(name)
                .ok()
                .flatten()
                .map(|group| group.gid.as_raw());
            known.or(number(name)).ok_or_else(|| unknown("group", name))
        });
        Ok(Self {
            user: user.transpose()?,
            group: group.transpose()?,
        })
    }

    /// The number of the user.
    pub(crate) fn user(self) -> Option<u32> {
        self.user
    }

    /// The number of the group.
    pub(crate) fn group(self) -> Option<u32> {
        self.group
    }
}

/// Puts a file in place of another at once: readers see the old one or the new one.
///
/// # Errors
/// Those of the system, with the path.
pub(crate) fn replace(
    path: &Path,
    contents: &[u8],
    mode: u32,
    owner: Owner,
) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let directory = parent.unwrap_or(Path::new("."));
        let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
        let mut file = tempfile::Builder::new()
            .prefix(&format!(".{}.", name.display()))
            .tempfile_in(directory)?;
        file.write_all(contents)?;
        if owner != Owner::default() {
            chown(file.path(), owner.user, owner.group)?;
        }
        fs::set_permissions(file.path(), Permissions::from_mode(mode))?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|e| Failure::new(format!("{}: {e}", path.display())))
}
