//! A private PostgreSQL cluster with databases of the sites' schema.

mod database;
mod installation;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::{as_user, children, existing_user, ids, is_alive, is_root, run, signal};
use crate::guardian::Guardian;
use crate::network::Network;
use crate::{free_port, temp_dir, workspace};

pub use database::Database;
use installation::{bin_dir, configuration};

/// The superuser of the cluster; connections from loopback need no password.
pub const USER: &str = "mirrorbrain";

/// The database that new ones are copied from.
const TEMPLATE: &str = "mirrorbrain_template";

/// A running cluster, ended and removed on drop and when the process ends.
#[derive(Debug)]
pub struct Cluster {
    dir: TempDir,
    bin: PathBuf,
    /// The user that the server runs as, if it cannot be us: PostgreSQL refuses root.
    owner: Option<&'static str>,
    /// What the server is started by, if it lives in a network of its own.
    launcher: Vec<String>,
    /// Where it listens.
    host: String,
    port: u16,
    /// A database that is being copied must not be in use, so one copy at a time.
    copying: Mutex<()>,
    guardian: Option<Guardian>,
}

impl Cluster {
    /// The cluster that tests share, started at first use. Do not stop it: start one for that.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// Creates and starts a cluster with settings for postgresql.conf, and waits until it answers.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::launch(Vec::new(), "127.0.0.1", free_port(), settings)
    }

    /// Starts a cluster at the same port of another loopback address, as a name may lead to either.
    pub fn start_beside(&self, host: &str) -> Self {
        Self::launch(Vec::new(), host, self.port, &[])
    }

    /// Starts a cluster that is reached through a network only.
    pub fn start_in(network: &Network) -> Self {
        Self::launch(network.launcher(), network.address(), free_port(), &[])
    }

    fn launch(launcher: Vec<String>, host: &str, port: u16, settings: &[(&str, &str)]) -> Self {
        let cluster = Self::make(launcher, (host, port), settings, |cluster| {
            run(cluster
                .program("initdb")
                .args(["--auth=trust", "--no-sync", "--no-instructions"])
                .args(["--encoding=UTF8", "--locale=C", "--username", USER])
                .arg("--pgdata")
                .arg(cluster.data()));
            cluster.write_access("");
        });
        cluster.create_template();
        cluster
    }

    /// Starts a hot standby: a cluster that can only be read, and repeats what this one does.
    pub fn standby(&self) -> Self {
        let place = (&*self.host, free_port());
        Self::make(self.launcher.clone(), place, &[], |standby| {
            run(standby
                .program("pg_basebackup")
                .args(["--host", &self.host, "--port", &self.port.to_string()])
                .args(["--username", USER, "--checkpoint=fast", "--no-sync"])
                .args(["--write-recovery-conf", "--pgdata"])
                .arg(standby.data()));
        })
    }

    /// Has `create` make the directory of the data, and starts a server on it.
    fn make(
        launcher: Vec<String>,
        (host, port): (&str, u16),
        settings: &[(&str, &str)],
        create: impl FnOnce(&Self),
    ) -> Self {
        let owner = is_root().then(|| {
            existing_user(&["postgres", "pgsql", "_postgresql"])
                .expect("PostgreSQL does not run as root, and there is no user postgres")
        });
        let dir = temp_dir("postgres");
        if let Some(owner) = owner {
            let (uid, gid) = ids(owner);
            std::os::unix::fs::chown(dir.path(), Some(uid), Some(gid)).expect("chown");
        }
        let guardian = Guardian::new(
            "pid=$(head -1 \"$1/data/postmaster.pid\") && kill -CONT $pid && kill -QUIT $pid\n\
             while [ -n \"$pid\" ] && kill -0 $pid; do sleep 0.05; done\n\
             rm -rf \"$1\"",
            &[dir.path()],
        );
        let cluster = Self {
            dir,
            bin: bin_dir(),
            owner,
            launcher,
            host: host.to_owned(),
            port,
            copying: Mutex::new(()),
            guardian: Some(guardian),
        };
        create(&cluster);
        cluster.configure(settings);
        cluster.resume();
        cluster
    }

    /// Settings come last, and so win over those that a copy has from its original.
    fn configure(&self, settings: &[(&str, &str)]) {
        let file = self.data().join("postgresql.auto.conf");
        let mut text = std::fs::read_to_string(&file).expect("postgresql.auto.conf");
        text.push_str(&configuration(
            self.dir.path(),
            &self.host,
            self.port,
            settings,
        ));
        std::fs::write(file, text).expect("postgresql.auto.conf");
    }

    /// Lets a role make no more connections, from the next start on.
    pub fn refuse(&self, role: &str) {
        self.write_access(&format!("host all {role} all reject\n"));
    }

    /// Lets everybody connect again, now.
    pub fn refuse_nobody(&self) {
        self.write_access("");
        self.attach("postgres").sql("SELECT pg_reload_conf()");
    }

    /// Of several rules the first one holds.
    fn write_access(&self, first: &str) {
        let host = &self.host;
        let rules = format!(
            "{first}local all all trust\nhost all all {host}/24 trust\n\
             host replication all {host}/24 trust\n"
        );
        std::fs::write(self.data().join("pg_hba.conf"), rules).expect("pg_hba.conf");
    }

    fn create_template(&self) {
        self.attach("postgres")
            .sql(&format!("CREATE DATABASE {TEMPLATE}"));
        let template = self.attach(TEMPLATE);
        for file in ["schema.sql", "pfx2asn.sql", "countries.sql"] {
            template.load(&workspace().join("sql").join(file));
        }
    }

    /// The TCP port, on 127.0.0.1 unless the cluster is in a network of its own.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Creates a database with our schema and then the given SQL files. Names are unique.
    pub fn database(&self, name: &str, files: &[&Path]) -> Database<'_> {
        {
            let _one_at_a_time = self.copying.lock().unwrap_or_else(|e| e.into_inner());
            let create = format!("CREATE DATABASE \"{name}\" TEMPLATE {TEMPLATE}");
            self.attach("postgres").sql(&create);
        }
        let database = self.attach(name);
        files.iter().for_each(|file| database.load(file));
        database
    }

    /// A database that exists already.
    pub fn attach(&self, name: &str) -> Database<'_> {
        Database::new(self, name)
    }

    /// Starts the server again after [`stop`](Self::stop) or [`kill`](Self::kill).
    pub fn resume(&self) {
        let log = self.dir.path().join("log");
        run(self
            .pg_ctl()
            .args(["start", "-w", "-t", "60", "-l"])
            .arg(log));
    }

    /// Stops the server, cutting connections off (`fast` shutdown).
    pub fn stop(&self) {
        run(self.pg_ctl().args(["stop", "-w", "-m", "fast"]));
    }

    /// Ends every process of the server with SIGKILL, as a crash of the machine would.
    pub fn kill(&self) {
        let processes = self.processes();
        signal("KILL", &processes);
        let deadline = Instant::now() + Duration::from_secs(10);
        while processes.iter().any(|pid| is_alive(*pid)) {
            assert!(Instant::now() < deadline, "PostgreSQL survives SIGKILL");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops every process with SIGSTOP: connections are taken by the kernel and then hang.
    pub fn pause(&self) {
        // The postmaster first: what it starts in between would go on.
        signal("STOP", self.processes().get(..1).unwrap_or_default());
        signal("STOP", &self.processes());
    }

    /// Lets the processes run on after [`pause`](Self::pause).
    pub fn unpause(&self) {
        signal("CONT", &self.processes());
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn processes(&self) -> Vec<u32> {
        let pid_file = self.data().join("postmaster.pid");
        let text = std::fs::read_to_string(&pid_file).expect("postmaster.pid");
        let first = text.lines().next().expect("pid in postmaster.pid");
        let postmaster = first.parse().expect("pid in postmaster.pid");
        // The postmaster first: it must not see its children die and start new ones.
        let mut all = vec![postmaster];
        all.extend(children(postmaster));
        all
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// One of PostgreSQL's programs, as the user that the data belongs to.
    fn program(&self, name: &str) -> Command {
        let mut command = as_user(self.owner, self.bin.join(name));
        command.current_dir("/");
        command
    }

    fn pg_ctl(&self) -> Command {
        let pg_ctl = self.program("pg_ctl");
        let mut command = match self.launcher.split_first() {
            None => pg_ctl,
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(pg_ctl.get_program());
                command.args(pg_ctl.get_args());
                command
            }
        };
        command.args(["-s", "-D"]).arg(self.data());
        command.current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Waits until the server is gone; the directory goes with it.
        drop(self.guardian.take());
    }
}
