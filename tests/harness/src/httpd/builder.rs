//! What a private httpd is made of: modules, configuration, files.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Httpd;
use crate::command::{existing_user, ids, is_root, run, signal};
use crate::guardian::{END_GROUP, Guardian};
use crate::{apxs, free_port, modules, temp_dir};

/// A multi-processing module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mpm {
    /// Threads, with idle connections held outside of them. httpd's default.
    Event,
    /// Threads.
    Worker,
    /// Processes.
    Prefork,
}

impl Mpm {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Event, Self::Worker, Self::Prefork];

    /// The name in `mpm_<name>_module`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Worker => "worker",
            Self::Prefork => "prefork",
        }
    }

    fn settings(self) -> &'static str {
        match self {
            Self::Event | Self::Worker => {
                "StartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8\n\
                 MinSpareThreads 1\nMaxSpareThreads 8\n"
            }
            Self::Prefork => {
                "StartServers 2\nMinSpareServers 1\nServerLimit 4\nMaxRequestWorkers 4\n"
            }
        }
    }
}

/// How long a start may take that is to fail, on a busy machine: one that succeeds must not hold up the suite.
const START: Duration = Duration::from_secs(60);

/// Media types for mod_mime; systems keep their own list in different places.
const MIME_TYPES: &str = "\
application/octet-stream bin
application/pgp-keys asc
application/x-iso9660-image iso
application/xml xml
text/html html
text/plain txt
";

/// What an httpd is to be made of.
///
/// Configuration text may use placeholders: `@WORK@` (ServerRoot), `@TREE@` (DocumentRoot),
/// `@PORT@`, `@HTTPD_MODULES@`, `@MB_MODULES@`, `@RUN_AS@` (User and Group) and those of [`set`](Self::set).
#[derive(Debug)]
pub struct Builder {
    mpm: Mpm,
    stock: Vec<String>,
    ours: Vec<String>,
    config: String,
    bare: bool,
    values: Vec<(String, String)>,
    allowed: Vec<String>,
    tool: Vec<String>,
    environment: Vec<(String, String)>,
    work: TempDir,
    port: u16,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// An httpd that serves an empty directory with event and mod_authz_core, no more.
    pub fn new() -> Self {
        let work = temp_dir("httpd");
        fs::create_dir(work.path().join("tree")).expect("document root");
        fs::write(work.path().join("mime.types"), MIME_TYPES).expect("mime.types");
        Self {
            mpm: Mpm::Event,
            stock: vec!["authz_core".into()],
            ours: Vec::new(),
            config: String::new(),
            bare: false,
            values: Vec::new(),
            allowed: Vec::new(),
            tool: Vec::new(),
            environment: Vec::new(),
            work,
            port: free_port(),
        }
    }

    /// Chooses the MPM.
    pub fn mpm(mut self, mpm: Mpm) -> Self {
        self.mpm = mpm;
        self
    }

    /// Loads modules of httpd, by the name in `<name>_module`.
    pub fn stock(mut self, names: &[&str]) -> Self {
        self.stock.extend(names.iter().map(|&name| name.to_owned()));
        self
    }

    /// Loads modules of this project, by the name in `<name>_module`, in the order given.
    pub fn ours(mut self, names: &[&str]) -> Self {
        self.ours.extend(names.iter().map(|&name| name.to_owned()));
        self
    }

    /// Loads none of the modules of this project that were named so far.
    pub fn without_ours(mut self) -> Self {
        self.ours.clear();
        self
    }

    /// Appends configuration text.
    pub fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self.config.push('\n');
        self
    }

    /// Uses the configuration text as it is, without the harness's frame around it.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Gives a value to the placeholder `@NAME@`.
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.values.push((name.to_owned(), value.to_string()));
        self
    }

    /// Expects lines in the error log that contain this text; they do not fail the test.
    pub fn allow(mut self, text: &str) -> Self {
        self.allowed.push(text.to_owned());
        self
    }

    /// Starts httpd, as a single process (`-X`), by this command: a debugger or profiler.
    pub fn run_by<S: Into<String>>(mut self, command: impl IntoIterator<Item = S>) -> Self {
        self.tool = command.into_iter().map(Into::into).collect();
        self
    }

    /// Starts httpd under strace, with these options. It follows all children, and ends httpd when it is
    /// told to end; strace would take no signal where its output goes to a file.
    pub fn traced<S: Into<String>>(self, options: impl IntoIterator<Item = S>) -> Self {
        let strace = ["strace", "-f", "-qq", "-I", "2"].map(str::to_owned);
        self.run_by(
            strace
                .into_iter()
                .chain(options.into_iter().map(Into::into)),
        )
    }

    /// Sets an environment variable of httpd's process.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The document root, to put files in.
    pub fn tree(&self) -> PathBuf {
        self.work.path().join("tree")
    }

    /// The ServerRoot.
    pub fn work(&self) -> &Path {
        self.work.path()
    }

    /// What httpd says to a configuration that it must refuse, without the lines that name the
    /// place in the file and the step that failed.
    ///
    /// # Panics
    /// If httpd finds nothing wrong.
    #[track_caller]
    pub fn refusal(&self) -> String {
        let text = self.check().expect_err("httpd accepts the configuration");
        let lines = text
            .lines()
            .filter(|line| !line.contains("Syntax error on line"))
            .filter(|line| !line.contains("Configuration check failed"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Lets httpd test the configuration (`-t`). Both ways it is httpd's standard error.
    ///
    /// # Errors
    /// If httpd refuses the configuration.
    pub fn check(&self) -> Result<String, String> {
        fs::write(self.config_file(), self.configuration()).expect("httpd.conf");
        let output = self.httpd().arg("-t").output().expect("httpd");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            Ok(text)
        } else {
            Err(text)
        }
    }

    /// What httpd prints when it is started with an option that only shows something, such as `-L`.
    pub fn query(&self, option: &str) -> String {
        fs::write(self.config_file(), self.configuration()).expect("httpd.conf");
        run(self.httpd().arg(option))
    }

    /// The error log of an httpd that must not start with a configuration that `-t` finds
    /// nothing wrong with.
    ///
    /// # Panics
    /// If it starts.
    #[track_caller]
    pub fn failure(&self) -> String {
        fs::write(self.config_file(), self.configuration()).expect("httpd.conf");
        let mut foreground = self.httpd();
        let mut process = foreground
            .arg("-DFOREGROUND")
            .process_group(0)
            .spawn()
            .expect("httpd");
        let given_up = Instant::now() + START;
        let status = loop {
            let status = process.try_wait().expect("httpd");
            if status.is_some() || Instant::now() > given_up {
                break status;
            }
            sleep(Duration::from_millis(10));
        };
        let log = fs::read_to_string(self.work.path().join("error.log")).unwrap_or_default();
        if status.is_none() {
            signal("KILL", &[process.id()]);
            let _ = process.wait();
        }
        assert!(
            status.is_some_and(|status| !status.success()),
            "httpd starts:\n{log}"
        );
        log
    }

    /// Starts httpd and waits until it answers.
    ///
    /// # Panics
    /// If the configuration is refused or the start fails, with what httpd said.
    #[track_caller]
    pub fn start(self) -> Httpd {
        if let Err(text) = self.check() {
            panic!("httpd -t: {text}\n{}", self.configuration());
        }
        let stderr = fs::File::create(self.work.path().join("stderr")).expect("stderr");
        let process = self
            .server()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            // prefork ends by killing its process group, which must not be ours.
            .process_group(0)
            .spawn()
            .expect("httpd");
        let guardian = Guardian::new(
            &format!("{END_GROUP}; rm -rf \"$2\""),
            &[
                process.id().to_string().as_ref(),
                self.work.path().as_os_str(),
            ],
        );
        let mut httpd = Httpd {
            process,
            guardian: Some(guardian),
            port: self.port,
            allowed: self.allowed,
            work: self.work,
        };
        httpd.wait_until_up();
        httpd
    }

    /// What becomes the server: httpd, or the tool that runs it.
    fn server(&self) -> Command {
        let httpd = self.httpd();
        let Some((program, arguments)) = self.tool.split_first() else {
            let mut command = httpd;
            command.arg("-DFOREGROUND");
            return command;
        };
        let mut command = Command::new(program);
        command.args(arguments);
        command.arg(httpd.get_program()).args(httpd.get_args());
        command.arg("-X");
        command
    }

    fn httpd(&self) -> Command {
        let mut command = Command::new(apxs::httpd());
        command.arg("-d").arg(self.work.path());
        command.arg("-f").arg(self.config_file());
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.envs(environment);
        command
    }

    fn config_file(&self) -> PathBuf {
        self.work.path().join("httpd.conf")
    }

    fn configuration(&self) -> String {
        let mut text = if self.bare {
            self.config.clone()
        } else {
            self.frame() + &self.config
        };
        for (name, value) in &self.values {
            text = text.replace(&format!("@{name}@"), value);
        }
        if text.contains("@MB_MODULES@") {
            text = text.replace("@MB_MODULES@", &modules::dir().to_string_lossy());
        }
        text.replace("@HTTPD_MODULES@", &apxs::module_dir().to_string_lossy())
            .replace("@RUN_AS@", &run_as())
            .replace("@WORK@", &self.work.path().to_string_lossy())
            .replace("@TREE@", &self.tree().to_string_lossy())
            .replace("@PORT@", &self.port.to_string())
    }

    /// What every httpd needs, whatever it is for.
    fn frame(&self) -> String {
        let mut text = String::from(
            "ServerRoot \"@WORK@\"\nPidFile \"@WORK@/httpd.pid\"\nDefaultRuntimeDir \"@WORK@\"\n\
             Mutex file:@WORK@\nListen 127.0.0.1:@PORT@\nServerName download.example.org\n\
             ErrorLog \"@WORK@/error.log\"\nLogLevel warn\n",
        );
        // What the server has built in cannot be loaded; which that is differs between systems.
        let mpm = format!("mpm_{}", self.mpm.name());
        let always = [mpm.as_str(), "unixd"];
        for name in always
            .into_iter()
            .chain(self.stock.iter().map(String::as_str))
        {
            if apxs::module_dir().join(format!("mod_{name}.so")).exists() {
                text.push_str(&format!(
                    "LoadModule {name}_module \"@HTTPD_MODULES@/mod_{name}.so\"\n"
                ));
            }
        }
        for name in &self.ours {
            text.push_str(&format!(
                "LoadModule {name}_module \"@MB_MODULES@/mod_{name}.so\"\n"
            ));
        }
        text.push_str("@RUN_AS@\n");
        text.push_str(self.mpm.settings());
        text.push_str("<IfModule mod_mime.c>\n  TypesConfig \"@WORK@/mime.types\"\n</IfModule>\n");
        text.push_str(
            "<Directory />\n  Require all denied\n</Directory>\n\
             DocumentRoot \"@TREE@\"\n<Directory \"@TREE@\">\n  Require all granted\n</Directory>\n",
        );
        text
    }
}

/// As whom children run, if there is a choice.
fn run_as() -> String {
    let user = existing_user(&["www-data", "apache", "nobody"]).filter(|_| is_root());
    user.map_or_else(String::new, |user| {
        format!("User {user}\nGroup #{}", ids(user).1)
    })
}
