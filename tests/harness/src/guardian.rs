//! A shell that cleans up when we are gone, however we went.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Ends the process group `$1`, by force if two seconds do not do. The signals are given with `-s`:
/// dash takes no `--` after `-TERM`.
pub const END_GROUP: &str = "kill -s TERM -- \"-$1\"; sleep 2; kill -s KILL -- \"-$1\"";

/// Holds a pipe to a shell. The pipe's end, which the kernel closes whatever kills this process,
/// makes the shell run its clean-up.
///
/// Destructors alone do not do: statics have none, and SIGKILL runs none.
#[derive(Debug)]
pub struct Guardian {
    shell: Child,
}

impl Guardian {
    /// Starts a guardian with the shell commands to run at the end; they find `arguments` as
    /// `$1`, `$2`, ...
    pub fn new<S: AsRef<std::ffi::OsStr>>(cleanup: &str, arguments: &[S]) -> Self {
        // A line says that the clean-up is not needed any more; the end of the file starts it.
        let script = format!("if read -r line; then exit 0; fi\n{cleanup}");
        let shell = Command::new("/bin/sh")
            .args(["-c", &script, "guardian"])
            .args(arguments)
            .stdin(Stdio::piped())
            // Inherited output would keep the pipe of whoever reads ours open.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C must not end it together with us.
            .process_group(0)
            .spawn()
            .expect("/bin/sh");
        Self { shell }
    }

    /// Ends the guardian without the clean-up.
    pub fn dismiss(mut self) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            // If the shell is gone, so is the need to tell it.
            let _ = pipe.write_all(b"done\n");
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_ends_with_its_guardian() {
        let mut server = Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .expect("sleep");
        drop(Guardian::new(END_GROUP, &[server.id().to_string()]));
        let ended = server.try_wait().expect("status");
        // A failing test leaves nothing behind.
        let _ = server.kill();
        assert!(ended.is_some());
    }
}
