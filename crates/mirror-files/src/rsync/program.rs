//! The program, and that it ends.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::target::Target;
use crate::intake::{Intake, Stop};
use crate::{Error, Options};

/// What of the words of the program is kept, in bytes.
const SAID: usize = 16 << 10;

/// The program gives up by itself after [`Options::idle`] without a byte of the server. It may say nothing for so many times
/// as long: a server that reads a large directory sends it all at once.
const SILENCE: u32 = 4;

/// How long the program may take to end after its last word.
const END: Duration = Duration::from_secs(10);

/// rsync writes line by line, whatever `--outbuf` says. Whoever waits for a line is woken for each, a million times, which
/// takes a third of the time of a listing; so more lines are let come first.
const PAUSE: Duration = Duration::from_millis(1);

/// A running rsync. It is killed, with all that it started, when this is dropped.
pub(super) struct Program {
    child: Child,
    out: Option<ChildStdout>,
    err: Option<ChildStderr>,
    buffer: Vec<u8>,
    said: Vec<u8>,
    status: Option<ExitStatus>,
}

impl Program {
    /// Starts it for what is below a place.
    pub fn start(target: &Target, below: &str, options: &Options) -> Result<Self, Stop> {
        let list = file_list(&options.rsync_files).map_err(|error| Error::System {
            what: "the list of files cannot be written".to_owned(),
            error,
        })?;
        let mut command = command(
            target,
            below,
            options,
            list.map_or(Stdio::null(), Stdio::from),
        );
        let mut child = command.spawn().map_err(|error| Error::System {
            what: "the program rsync cannot be started".to_owned(),
            error,
        })?;
        Ok(Self {
            out: child.stdout.take(),
            err: child.stderr.take(),
            child,
            buffer: vec![0; 1 << 16],
            said: Vec::new(),
            status: None,
        })
    }

    /// The next piece of the listing; nothing at its end.
    pub fn read(&mut self, intake: &Intake<'_>) -> Result<&[u8], Stop> {
        let silence = Instant::now() + intake.options.idle * SILENCE;
        thread::sleep(PAUSE);
        loop {
            self.wait(intake, silence)?;
            let Some(out) = &mut self.out else {
                return Ok(&[]);
            };
            match out.read(&mut self.buffer) {
                Ok(length) => return Ok(self.buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }

    /// Waits for the next piece, and keeps what the program says besides.
    fn wait(&mut self, intake: &Intake<'_>, silence: Instant) -> Result<(), Stop> {
        while let Some(out) = &self.out {
            intake.time()?;
            let left = silence.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Silent(intake.options.idle * SILENCE).into());
            }
            let left = left.min(intake.left().unwrap_or_default());
            let left = Timespec::try_from(left).ok();
            let mut ends = vec![PollFd::new(out, PollFlags::IN)];
            ends.extend(self.err.as_ref().map(|err| PollFd::new(err, PollFlags::IN)));
            match poll(&mut ends, left.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(broken(error.into())),
            }
            let is_ready =
                |place: usize| ends.get(place).is_some_and(|end| !end.revents().is_empty());
            let (has_more, has_words) = (is_ready(0), is_ready(1));
            if has_words {
                self.listen()?;
            }
            if has_more {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes what the program says, and keeps the beginning.
    fn listen(&mut self) -> Result<(), Stop> {
        let mut words = [0; 4096];
        let Some(err) = &mut self.err else {
            return Ok(());
        };
        match err.read(&mut words) {
            Ok(0) => self.err = None,
            Ok(length) => {
                let room = SAID.saturating_sub(self.said.len());
                let words = words.get(..length.min(room)).unwrap_or_default();
                self.said.extend_from_slice(words);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(error)),
        }
        Ok(())
    }

    /// How it ended, and what it said.
    pub fn finish(mut self, intake: &Intake<'_>) -> Result<(ExitStatus, Vec<u8>), Stop> {
        self.out = None;
        let end = Instant::now() + END;
        while let Some(err) = &self.err {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let left = Timespec::try_from(left).ok();
            match poll(&mut [PollFd::new(err, PollFlags::IN)], left.as_ref()) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => self.listen()?,
                Err(error) => return Err(broken(error.into())),
            }
        }
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().map_err(broken)? {
                self.status = Some(status);
                return Ok((status, std::mem::take(&mut self.said)));
            }
            thread::sleep(Duration::from_millis(2));
        }
        intake.time()?;
        Err(Error::Ended.into())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.status.is_some() {
            return;
        }
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

fn broken(error: std::io::Error) -> Stop {
    let what = "the program rsync cannot be read".to_owned();
    Error::System { what, error }.into()
}

/// A list as `--from0` has it, in a file without a name.
fn file_list(files: &[String]) -> io::Result<Option<File>> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut list = tempfile::tempfile()?;
    list.write_all(files.join("\0").as_bytes())?;
    list.rewind()?;
    Ok(Some(list))
}

fn command(target: &Target, below: &str, options: &Options, list: Stdio) -> Command {
    let mut command = Command::new("rsync");
    command.env("LC_ALL", "C").env("TZ", "UTC");
    // None of them is meant for us: programs to run, proxies, other names.
    for variable in [
        "RSYNC_CONNECT_PROG",
        "RSYNC_PROXY",
        "RSYNC_RSH",
        "RSYNC_ICONV",
    ] {
        command.env_remove(variable);
    }
    // Without one the program would ask the terminal for it, and wait.
    let password = target.password.as_deref().unwrap_or("-");
    command.env("RSYNC_PASSWORD", password);
    command.args(["--list-only", "-r", "--no-h", "-8", "--no-motd"]);
    let seconds = options.idle.as_secs().max(1);
    command.arg(format!("--timeout={seconds}"));
    command.arg(format!("--contimeout={seconds}"));
    if below.is_empty() && !options.rsync_top.is_empty() {
        for pattern in &options.rsync_top {
            command.arg(format!("--include=/{pattern}"));
        }
        command.arg("--exclude=/*");
    }
    for pattern in &options.rsync_excludes {
        command.arg(format!("--exclude={pattern}"));
    }
    command.process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    if !options.rsync_files.is_empty() {
        // What is not there is no error: it is gone.
        command.args(["--files-from=-", "--from0", "--ignore-missing-args"]);
        command.arg("--no-implied-dirs").stdin(list);
    }
    command.arg("--").arg(target.url(below));
    if !options.rsync_files.is_empty() {
        // Nothing is written, but with a list of files rsync wants to know where to.
        command.arg(".");
    }
    command.stderr(Stdio::piped());
    command
}
