//! Which mirror each of many clients is sent to: for simulations.
//!
//! The file of mirrors has `id country region lat lng score` in each line, separated by tabs; all mirrors have
//! all files. Standard input has `country lat lng radius filekey address`; `-` where something is unknown. The
//! continent of a client follows from its country. For each line the id of the chosen mirror is printed.
//!
//! What is drawn is drawn by a generator that starts the same each time.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str;

use clap::{Parser, ValueEnum};
use mirror_selection::*;

/// Prints the id of the mirror that each client of standard input is sent to.
#[derive(Parser)]
struct Arguments {
    /// What decides among the mirrors of a country
    #[arg(long, value_enum, default_value = "off")]
    spread: Mode,
    /// Mirrors that are nearer are equally near [km]
    #[arg(long, value_name = "N", default_value_t = Spread::DEFAULT_KM,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(Spread::MAX_KM)))]
    km: u16,
    /// Lines of id, country, region, lat, lng, score
    #[arg(value_name = "MIRRORS.tsv")]
    mirrors: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Near,
    Cache,
    Off,
}

/// What is wrong with a line.
#[derive(Debug)]
struct BadField {
    name: &'static str,
    text: String,
    wanted: &'static str,
}

impl fmt::Display for BadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, text, wanted } = self;
        write!(f, "{name} is {text:?}, not {wanted}")
    }
}

impl Error for BadField {}

/// A field by its name; `None` if it is `-`, unknown.
struct Field<'a>(&'static str, Option<&'a str>);

impl Field<'_> {
    /// Reads it, unless it is unknown.
    fn read<T>(
        &self,
        wanted: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, BadField> {
        let Some(text) = self.1 else { return Ok(None) };
        read(text).map(Some).ok_or(BadField {
            name: self.0,
            text: text.into(),
            wanted,
        })
    }

    /// Reads what has to be known.
    fn need<T>(
        &self,
        wanted: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, BadField> {
        self.read(wanted, read)?.ok_or(BadField {
            name: self.0,
            text: "-".into(),
            wanted,
        })
    }

    fn degrees(&self, most: f64) -> Result<Option<f64>, BadField> {
        self.read("a number of degrees", |text| {
            text.parse()
                .ok()
                .filter(|degrees: &f64| degrees.abs() <= most)
        })
    }
}

/// The fields of a line.
fn fields<'a>(line: &'a [u8], names: [&'static str; 6]) -> Result<[Field<'a>; 6], BadField> {
    let bad = |wanted| BadField {
        name: "the line",
        text: String::from_utf8_lossy(line).into(),
        wanted,
    };
    let text = str::from_utf8(line).map_err(|_| bad("UTF-8"))?;
    let mut texts = text.split('\t');
    let fields = names.map(|name| Field(name, texts.next()));
    if fields.iter().any(|field| field.1.is_none()) || texts.next().is_some() {
        return Err(bad("six fields between tabs"));
    }
    Ok(fields.map(|Field(name, text)| Field(name, text.filter(|&text| text != "-"))))
}

fn mirror(line: &[u8]) -> Result<Mirror, BadField> {
    let [id, country, region, lat, lng, score] =
        fields(line, ["id", "country", "region", "lat", "lng", "score"])?;
    let row = MirrorRow {
        id: Some(id.need("a number below 2^31", |text| {
            Some(text.parse::<i32>().ok().filter(|id| *id >= 0)?.into())
        })?),
        score: Some(score.need("a number of at least 1", |text| {
            Some(text.parse::<u32>().ok().filter(|score| *score >= 1)?.into())
        })?),
        latitude: lat.degrees(90.0)?,
        longitude: lng.degrees(180.0)?,
        base_url: Some("http://mirror.example.org/"),
        file_max_size: Some(0),
        ..MirrorRow::default()
    };
    let country = country.read("two letters", |text| {
        let all = (text == "**").then_some(Code::WILDCARD);
        all.or_else(|| Code::parse(text))
    })?;
    Ok(Mirror {
        country: country.unwrap_or(Code::UNKNOWN),
        region: region.read("a continent", Region::parse)?,
        ..Mirror::from_row(&row).ok_or(BadField {
            name: "the line",
            text: String::from_utf8_lossy(line).into(),
            wanted: "a mirror",
        })?
    })
}

fn client(line: &[u8]) -> Result<(Client, FileKey), BadField> {
    let [country, lat, lng, radius, file, address] = fields(
        line,
        ["country", "lat", "lng", "radius", "filekey", "address"],
    )?;
    let country = country.read("two letters", Code::parse)?;
    let continent = country.and_then(|code| places::continent_of(code.as_str()));
    let place = lat.degrees(90.0)?.zip(lng.degrees(180.0)?);
    let client = Client {
        country,
        region: continent.and_then(|continent| Region::parse(continent.code())),
        coordinates: place.and_then(|(lat, lng)| places::coordinates(lat, lng)),
        accuracy_radius: radius.read("a number of km", |text| {
            text.parse()
                .ok()
                .filter(|km: &f64| km.is_finite() && *km >= 0.0)
        })?,
        address: address.read("an IP address", |text| text.parse().ok())?,
        ..Client::default()
    };
    let file = file
        .1
        .map_or(FileKey::NONE, |path| FileKey::of(path.as_bytes()));
    Ok((client, file))
}

/// Hands out the lines without their ends, and says which one is bad.
fn each_line(
    mut input: impl BufRead,
    name: &str,
    mut take: impl FnMut(&[u8]) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        take(text).map_err(|error| match error.downcast::<BadField>() {
            Ok(bad) => format!("{name}: line {number}: {bad}").into(),
            Err(other) => other,
        })?;
    }
    Ok(())
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn generator() -> impl FnMut() -> u64 {
    let mut state = 0_u64;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn read_mirrors(path: &Path) -> Result<Vec<Mirror>, Box<dyn Error>> {
    let name = path.display().to_string();
    let file = fs::File::open(path).map_err(|error| format!("{name}: {error}"))?;
    let mut mirrors: Vec<Mirror> = Vec::new();
    let mut ids = std::collections::HashSet::new();
    each_line(BufReader::new(file), &name, |line| {
        let mirror = mirror(line)?;
        if !ids.insert(mirror.id) {
            let text = mirror.id.to_string();
            let (name, wanted) = ("id", "one that no other mirror has");
            return Err(BadField { name, text, wanted }.into());
        }
        mirrors.push(mirror);
        Ok(())
    })?;
    if mirrors.is_empty() {
        return Err(format!("{name}: no mirror in it").into());
    }
    Ok(mirrors)
}

fn choose(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mirrors = read_mirrors(&arguments.mirrors)?;
    let all: MirrorSet = mirrors
        .iter()
        .filter_map(|m| u32::try_from(m.id).ok())
        .collect();
    let table = MirrorTable::new(mirrors);
    let km = arguments.km;
    let spread = match arguments.spread {
        Mode::Near => Spread::Near { km },
        Mode::Cache => Spread::Cache { km },
        Mode::Off => Spread::Off,
    };
    let mut random = generator();
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    each_line(io::stdin().lock(), "standard input", |line| {
        let (client, file) = client(line)?;
        let order = Order {
            spread,
            file,
            ..Order::default()
        };
        let candidates = Candidates::Table(&table, &all);
        let selection = select(
            candidates,
            &[],
            &client,
            1 << 20,
            order,
            &mut random,
            Extent::Top(1),
        );
        match selection.target() {
            Some(choice) => writeln!(output, "{}", choice.mirror().id)?,
            None => writeln!(output, "-")?,
        }
        Ok(())
    })?;
    Ok(output.flush()?)
}

fn main() -> ExitCode {
    let Err(error) = choose(&Arguments::parse()) else {
        return ExitCode::SUCCESS;
    };
    // Who reads no further has what it wanted.
    let reader_left = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
    if error.downcast_ref().is_some_and(reader_left) {
        return ExitCode::SUCCESS;
    }
    eprintln!("choose: {error}");
    ExitCode::FAILURE
}
