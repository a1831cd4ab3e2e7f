//! A demonstration: a site with mirrors on six continents, and where clients from several countries are
//! sent.
//!
//! `demo start` leaves a private PostgreSQL and httpd running, `demo stop` ends them.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::command::{is_alive, signal};
use harness::demo::{CLIENTS, Site};
use harness::http;
use harness::httpd::Httpd;
use harness::postgres::Cluster;
use harness::{files, workspace};

fn main() -> ExitCode {
    let result = match env::args().nth(1).as_deref() {
        Some("start") => start(),
        Some("serve") => serve(),
        Some("stop") => stop(),
        _ => Err(io::Error::other("usage: demo start|stop")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("demo: {e}");
            ExitCode::FAILURE
        }
    }
}

/// What the demo leaves in the checkout: who runs, and links to where. The servers' own
/// directories are temporary ones, because users like `www-data` and `postgres` must reach them,
/// and a checkout may lie below a home that they cannot enter.
fn state() -> PathBuf {
    workspace().join("demo-run")
}

fn start() -> io::Result<()> {
    if let Some(pid) = running() {
        return Err(io::Error::other(format!(
            "already running (pid {pid}); make demo-stop ends it"
        )));
    }
    let state = state();
    if state.exists() {
        fs::remove_dir_all(&state)?;
    }
    fs::create_dir(&state)?;
    let log = fs::File::create(state.join("log"))?;
    let mut server = Command::new(env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()?;
    fs::write(state.join("pid"), server.id().to_string())?;
    let deadline = Instant::now() + Duration::from_secs(120);
    while !state.join("port").exists() {
        if server.try_wait()?.is_some() || Instant::now() > deadline {
            signal("TERM", &[server.id()]);
            let log = fs::read_to_string(state.join("log"))?;
            return Err(io::Error::other(format!("the servers do not start\n{log}")));
        }
        thread::sleep(Duration::from_millis(50));
    }
    println!("{}", fs::read_to_string(state.join("log"))?);
    let port = fs::read_to_string(state.join("port"))?;
    show(port.trim())
}

fn stop() -> io::Result<()> {
    let Some(pid) = running() else {
        println!("demo: not running");
        return Ok(());
    };
    // The guardians of the servers see it go and end them.
    signal("TERM", &[pid]);
    while is_alive(pid) {
        thread::sleep(Duration::from_millis(20));
    }
    fs::remove_dir_all(state())?;
    println!("demo: stopped");
    Ok(())
}

fn running() -> Option<u32> {
    let pid = fs::read_to_string(state().join("pid")).ok()?;
    pid.trim().parse().ok().filter(|pid| is_alive(*pid))
}

/// Runs the servers until this process is ended.
fn serve() -> io::Result<()> {
    let cluster = Cluster::start(&[]);
    let mb = env::current_exe()?.with_file_name("mb");
    let site = Site::make(&cluster, &mb, &state())?;
    print!("{}", site.transcript);

    let builder = Httpd::builder().stock(&["mime", "dir", "alias", "setenvif", "remoteip"]);
    let tree = builder.tree();
    for name in ["orange-1.0.iso", "orange-1.0.tar.gz"] {
        files::sparse(&tree.join("releases"), name, 1 << 20, 1_700_000_000);
    }
    fs::write(
        tree.join("releases/README.txt"),
        "Too small for a redirect.\n",
    )?;
    let packages = tree.join("repo/9/os/repodata");
    fs::create_dir_all(&packages)?;
    fs::write(packages.join("repomd.xml"), "<repomd/>\n")?;
    // Where the user that httpd runs as can read it.
    let cities = builder.work().join("cities.mmdb");
    fs::copy(site.cities(), &cities)?;
    let httpd = builder
        .set("DATABASE", site.database.params())
        .set("CITIES", cities.display())
        .set("CONF", workspace().join("httpd-conf").display())
        .set("SHARE", workspace().join("share").display())
        .config(CONFIGURATION)
        .start();

    let state = state();
    symlink(httpd.work(), state.join("httpd"))?;
    symlink(cluster.socket_dir(), state.join("postgres"))?;
    fs::write(state.join("database"), site.database.params())?;
    // Written last: it says that all is ready.
    fs::write(state.join("port.new"), httpd.port().to_string())?;
    fs::rename(state.join("port.new"), state.join("port"))?;
    loop {
        thread::park();
    }
}

const CONFIGURATION: &str = r#"
Define MB_MODULES  "@MB_MODULES@"
Define MB_TREE     "@TREE@"
Define MB_DATABASE "@DATABASE@"
Define MB_LOG      "@WORK@/download_log"
Define MB_SHARE    "@SHARE@"
Include "@CONF@/asn.conf"
Include "@CONF@/mirrorbrain.conf"
Include "@CONF@/autoindex.conf"
Include "@CONF@/log.conf"
Include "@CONF@/proxy.conf"
# Metalinks and pages link this server by its name.
ServerName 127.0.0.1
<IfFile "/usr/share/apache2/icons">
    Alias /icons/ "/usr/share/apache2/icons/"
    <Directory "/usr/share/apache2/icons">
        Require all granted
    </Directory>
</IfFile>
MirrorBrainGeoDatabase "@CITIES@"
MirrorBrainYumDir release=(9) repo=(os) repo/$1/$2 repodata/repomd.xml
MirrorBrainTorrentTrackerURL udp://tracker.example.org:6969/announce
"#;

/// Asks as each client and prints the answers.
fn show(port: &str) -> io::Result<()> {
    let path = "/releases/orange-1.0.iso";
    let address = format!("127.0.0.1:{port}")
        .parse()
        .map_err(io::Error::other)?;
    println!("GET {path}, as a client in\n");
    for (place, client, _) in CLIENTS {
        let request = http::request("GET", path, &[("X-Forwarded-For", client)]);
        let response = http::exchange(address, &request)?;
        let realm = response.header("X-MirrorBrain-Realm").unwrap_or_default();
        println!(
            "  {place} ({client})\n    {} {} ({})\n    {}",
            response.status,
            response.location(),
            response.header("X-MirrorBrain-Mirror").unwrap_or_default(),
            why(&realm)
        );
    }
    println!(
        "\nRunning until `make demo-stop`. Try:\n\
         \n  curl -si  -H 'X-Forwarded-For: 198.18.81.1' http://127.0.0.1:{port}{path}\
         \n  curl -s   -H 'X-Forwarded-For: 198.18.81.1' http://127.0.0.1:{port}{path}.meta4\
         \n  curl -si  'http://127.0.0.1:{port}{path}?country=br'\
         \n  curl -s   http://127.0.0.1:{port}{path}.sha256\
         \n  curl -s   'http://127.0.0.1:{port}/mirrorlist?release=9&repo=os'\
         \n\nand in a browser\n\
         \n  http://127.0.0.1:{port}{path}.mirrorlist?country=de\
         \n  http://127.0.0.1:{port}/releases/\n\
         \nConfiguration and logs: demo-run/httpd/; database: psql \"$(cat demo-run/database)\""
    );
    Ok(())
}

fn why(realm: &str) -> &'static str {
    match realm {
        "prefix" => "because: the mirror is in the client's network",
        "AS" => "because: the mirror is in the client's autonomous system",
        "country" => "because: the closest mirror in the client's country",
        "other_country" => "because: no mirror in the country, but one that serves it too",
        "region" => "because: no mirror in the country; the closest one on the continent",
        "other" => "because: no mirror on the continent; the closest one elsewhere",
        _ => "because: no mirror; the file itself",
    }
}
