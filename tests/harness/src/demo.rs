//! The site of the demonstration: mirrors on six continents, made by `mb` as an administrator would.
//!
//! All addresses are from ranges that are nobody's (RFC 2544, RFC 3849); an mmdb file of its own says where
//! they are, and a list of networks whose they are.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use geo_db::writer::{Value, Writer};

use crate::postgres::{Cluster, Database, USER};
use crate::workspace;

/// The name of its database.
const DATABASE: &str = "mirrorbrain";

/// Where somebody is: country, continent, latitude and longitude.
type Place = (&'static str, &'static str, f64, f64);

/// Who asks: who that is, address, and where that is.
pub const CLIENTS: [(&str, &str, Place); 9] = [
    ("Hamburg, Germany", "198.18.49.1", ("DE", "EU", 53.55, 9.99)),
    (
        "Nuremberg, Germany",
        "198.18.50.1",
        ("DE", "EU", 49.45, 11.08),
    ),
    (
        "the campus network, AS 64511",
        "198.18.48.1",
        ("DE", "EU", 49.01, 8.4),
    ),
    (
        "Brussels, Belgium",
        "198.18.32.1",
        ("BE", "EU", 50.85, 4.35),
    ),
    (
        "Warsaw, Poland",
        "2001:db8:48::1",
        ("PL", "EU", 52.23, 21.01),
    ),
    (
        "Los Angeles, USA",
        "198.18.1.1",
        ("US", "NA", 34.05, -118.24),
    ),
    (
        "Buenos Aires, Argentina",
        "198.18.54.1",
        ("AR", "SA", -34.6, -58.38),
    ),
    ("Osaka, Japan", "198.18.81.1", ("JP", "AS", 34.69, 135.5)),
    (
        "Auckland, New Zealand",
        "198.18.64.1",
        ("NZ", "OC", -36.85, 174.76),
    ),
];

/// The mirrors: name, number of the network, autonomous system, place, and further options of `mb new`.
const MIRRORS: [(&str, u8, u32, Place, &[&str]); 10] = [
    ("berlin", 1, 680, ("DE", "EU", 52.52, 13.41), &[]),
    ("munich", 2, 680, ("DE", "EU", 48.14, 11.58), &[]),
    ("campus", 3, 64511, ("DE", "EU", 49.01, 8.4), &["--as-only"]),
    ("paris", 4, 2200, ("FR", "EU", 48.86, 2.35), &[]),
    (
        "new-york",
        5,
        64500,
        ("US", "NA", 40.71, -74.01),
        &["--prio", "200"],
    ),
    ("portland", 6, 64501, ("US", "NA", 45.52, -122.68), &[]),
    ("sao-paulo", 7, 64502, ("BR", "SA", -23.55, -46.63), &[]),
    ("tokyo", 8, 64503, ("JP", "AS", 35.68, 139.69), &[]),
    ("sydney", 9, 64504, ("AU", "OC", -33.87, 151.21), &[]),
    ("cape-town", 10, 64505, ("ZA", "AF", -33.92, 18.42), &[]),
];

/// Networks of clients that somebody announces.
const NETWORKS: [(&str, u32); 3] = [
    ("198.18.48.0/24", 64511),
    ("198.18.49.0/24", 64510),
    ("2001:db8:49::/48", 64510),
];

/// The site in the making.
#[derive(Debug)]
pub struct Site<'c> {
    /// Its database.
    pub database: Database<'c>,
    /// Where its files are: `mirrorbrain.conf`, `cities.mmdb`, `networks.csv`.
    directory: PathBuf,
    mb: PathBuf,
    /// The commands, and what they printed.
    pub transcript: String,
}

impl<'c> Site<'c> {
    /// Makes it on a cluster, by a program `mb`, with its files in a directory.
    ///
    /// # Errors
    /// Those of the file system, here and below. A command that fails panics.
    pub fn make(cluster: &'c Cluster, mb: &Path, directory: &Path) -> io::Result<Self> {
        let create = format!("CREATE DATABASE {DATABASE} TEMPLATE template0");
        cluster.attach("postgres").sql(&create);
        let mut site = Self {
            database: cluster.attach(DATABASE),
            directory: directory.to_owned(),
            mb: mb.to_owned(),
            transcript: String::new(),
        };
        site.write_configuration(cluster.port())?;
        site.write_cities()?;
        site.write_networks()?;
        site.run(&["db", "init"])?;
        site.run(&["asn", "import", "networks.csv"])?;
        for (name, number, _, _, options) in MIRRORS {
            let url = format!("http://198.19.{number}.10/pub/");
            let arguments: Vec<&str> = ["new", name, "--http", &url]
                .iter()
                .chain(options)
                .copied()
                .collect();
            site.run(&arguments)?;
            site.run(&["enable", name])?;
        }
        site.set_other_countries("paris", "be,lu")?;
        site.database
            .load(&workspace().join("tests/harness/demo-files.sql"));
        site.run(&["list", "--prio", "--country", "--asn", "--http-url"])?;
        site.run(&["file", "ls", "releases/orange-1.0.tar.gz"])?;
        Ok(site)
    }

    /// The mmdb file with all places.
    pub fn cities(&self) -> PathBuf {
        self.directory.join("cities.mmdb")
    }

    fn config(&self) -> PathBuf {
        self.directory.join("mirrorbrain.conf")
    }

    fn write_configuration(&self, port: u16) -> io::Result<()> {
        let text = format!(
            "[general]\n\
             instances = main\n\
             maxmind_city_db = {}\n\
             \n\
             [main]\n\
             dbuser = {USER}\n\
             dbpass = not-asked-for\n\
             dbhost = 127.0.0.1\n\
             dbport = {port}\n\
             dbname = {DATABASE}\n",
            self.cities().display()
        );
        // It has a password on a real site.
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o640);
        options.open(self.config())?.write_all(text.as_bytes())
    }

    /// In the schema of MaxMind's City files.
    fn write_cities(&self) -> io::Result<()> {
        let mut cities = Writer::new("GeoLite2-City");
        let mirrors = MIRRORS.map(|(_, number, _, place, _)| (network(number), place));
        let clients = CLIENTS.map(|(_, address, place)| {
            let width = if address.contains(':') { 48 } else { 24 };
            (format!("{address}/{width}"), place)
        });
        for (network, place) in mirrors.into_iter().chain(clients) {
            let (country, continent, latitude, longitude) = place;
            let place = Value::map([
                ("country", Value::map([("iso_code", country)])),
                ("continent", Value::map([("code", continent)])),
                (
                    "location",
                    Value::map([("latitude", latitude), ("longitude", longitude)]),
                ),
            ]);
            cities = cities.insert(&network, place);
        }
        cities.write_to(&self.cities()).map_err(io::Error::other)
    }

    fn write_networks(&self) -> io::Result<()> {
        let mut text = String::new();
        let mirrors = MIRRORS.map(|(_, number, system, _, _)| (network(number), system));
        let others = NETWORKS.map(|(network, system)| (network.to_owned(), system));
        for (network, system) in mirrors.into_iter().chain(others) {
            writeln!(text, "{network},{system}").map_err(io::Error::other)?;
        }
        fs::write(self.directory.join("networks.csv"), text)
    }

    /// Runs a command of `mb`.
    fn run(&mut self, arguments: &[&str]) -> io::Result<()> {
        let printed = crate::command::run(&mut self.command(arguments));
        writeln!(self.transcript, "$ mb {}\n{printed}", arguments.join(" "))
            .map_err(io::Error::other)?;
        if printed.is_empty() {
            self.transcript.pop();
        }
        Ok(())
    }

    /// As an administrator does in an editor.
    fn set_other_countries(&self, mirror: &str, countries: &str) -> io::Result<()> {
        let editor = format!("sed -i 's/^otherCountries .*/otherCountries : {countries}/'");
        let mut child = self
            .command(&["edit", mirror])
            .env("EDITOR", editor)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        if let Some(mut answer) = child.stdin.take() {
            answer.write_all(b"y\n")?;
        }
        match child.wait()?.success() {
            true => Ok(()),
            false => Err(io::Error::other(format!("mb edit {mirror} failed"))),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.mb);
        command.arg("--config").arg(self.config()).args(arguments);
        command.current_dir(&self.directory);
        command
    }
}

/// The network of a mirror.
fn network(number: u8) -> String {
    format!("198.19.{number}.0/24")
}
