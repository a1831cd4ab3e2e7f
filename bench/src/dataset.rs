//! The site that is measured: mirrors, files, and who has what.
//!
//! Everything is drawn from one seed, so that two runs measure the same site.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::Path;

use fastrand::Rng;

use crate::geography::Country;

/// Bytes of each file; above the default `MirrorBrainMinSize`.
pub const FILE_SIZE: u64 = 4 << 20;
/// A file of which there is no mirror, and its bytes: what a site serves besides downloads.
pub const SMALL: &str = "small.txt";
pub const SMALL_SIZE: u64 = 1 << 10;
/// Last change of each file, in seconds since 1970.
pub const MTIME: u64 = 1_700_000_000;

/// Bytes of a piece, and how many a file has.
const PIECE_SIZE: u64 = 256 << 10;
const PIECES: usize = (FILE_SIZE / PIECE_SIZE) as usize;
/// Files in a directory.
const FILES_PER_DIRECTORY: u32 = 200;

/// How large the site is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Rows of `server`.
    pub mirrors: u32,
    /// Rows of `filearr`, each with a row of `hash`.
    pub paths: u32,
    /// From the number of one file to that of the next; with it, a small site has some of the
    /// files of a large one.
    pub step: u32,
}

impl Size {
    /// The site of the comparison.
    pub const STANDARD: Self = Self {
        mirrors: 180,
        paths: 200_000,
        step: 1,
    };

    /// All files.
    pub fn files(self) -> Files {
        Files {
            first: 0,
            count: self.paths,
            step: self.step,
        }
    }
}

/// Some of the files: `count`, evenly spread, from `first` on.
#[derive(Debug, Clone, Copy)]
pub struct Files {
    /// The number of the first one.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// From one to the next.
    pub step: u32,
}

impl Files {
    /// The first files of a site.
    pub fn first(count: u32) -> Self {
        Self {
            first: 0,
            count,
            step: 1,
        }
    }

    /// The first `count` of these.
    pub fn take(self, count: u32) -> Self {
        let count = count.min(self.count);
        Self { count, ..self }
    }

    /// These without the first `count`; all, if there are not more.
    pub fn skip(self, count: u32) -> Self {
        if count >= self.count {
            return self;
        }
        Self {
            first: self.first + count * self.step,
            count: self.count - count,
            ..self
        }
    }

    /// The path of one of them, `index` counting from 0.
    pub fn path(self, index: u32) -> String {
        path(self.first + index * self.step)
    }
}

/// The path of the file with this number, as `filearr.path` has it.
pub fn path(file: u32) -> String {
    let directory = directory(file / FILES_PER_DIRECTORY);
    format!("{directory}/package-{file:07}-1.2.3.x86_64.rpm")
}

/// The path of the directory with this number.
pub fn directory(number: u32) -> String {
    format!("pub/repo{:02}/dir{number:04}", number % 10)
}

/// How many directories hold this many files.
pub fn directories(paths: u32) -> u32 {
    paths.div_ceil(FILES_PER_DIRECTORY)
}

/// Writes the rows of all tables as a script for psql.
pub fn write_sql(to: &Path, size: Size, rng: &mut Rng) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(to)?);
    write_mirrors(&mut out, size.mirrors, rng)?;
    // Each file is on a third to nine tenths of the mirrors: of 180, on 60 to 160.
    let (least, most) = (size.mirrors.div_ceil(3), size.mirrors * 8 / 9);
    write_files(&mut out, size, least..=most.max(least), rng)?;
    write_hashes(&mut out, size.paths, rng)?;
    write_prefixes(&mut out, rng)?;
    writeln!(out, "ANALYZE;")?;
    out.flush()
}

/// Writes the rows of a site that has many mirrors, each with few of the files: of the tables that its
/// administrators ask.
pub fn write_administration_sql(
    to: &Path,
    mirrors: u32,
    paths: u32,
    copies: RangeInclusive<u32>,
    markers: u32,
    rng: &mut Rng,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(to)?);
    let size = Size {
        mirrors,
        paths,
        step: 1,
    };
    write_mirrors(&mut out, mirrors, rng)?;
    write_files(&mut out, size, copies, rng)?;
    writeln!(out, "COPY marker (subtree_name, markers) FROM stdin;")?;
    for number in 0..markers {
        let path = path(number * (paths / markers));
        writeln!(out, "subtree{number:02}\t{path}")?;
    }
    writeln!(out, "\\.")?;
    out.flush()
}

fn write_mirrors(out: &mut impl Write, count: u32, rng: &mut Rng) -> io::Result<()> {
    writeln!(
        out,
        "COPY server (id, identifier, baseurl, baseurl_ftp, baseurl_rsync, enabled, \
         status_baseurl, region, country, asn, prefix, score, scan_fpm, comment, operator_name, \
         operator_url, public_notes, admin, admin_email, lat, lng, country_only, region_only, \
         as_only, prefix_only, other_countries) FROM stdin;"
    )?;
    for id in 1..=count {
        let country = Country::draw(rng);
        let (latitude, longitude) = country.place(rng);
        let code = country.code;
        // One mirror in eight is in a network of its own that some clients share.
        let (asn, prefix) = match rng.u8(..8) {
            0 => (
                network_as(rng.u16(..)),
                format!("127.{}.0.0/20", rng.u8(..)),
            ),
            _ => (64_000 + id, String::new()),
        };
        let score = [20, 50, 100, 100, 150][rng.usize(..5)];
        let only = |chance: u8, rng: &mut Rng| if rng.u8(..100) < chance { 't' } else { 'f' };
        let (country_only, region_only) = (only(4, rng), only(6, rng));
        writeln!(
            out,
            "{id}\tmirror{id}.{code}.example.org\thttp://mirror{id}.{code}.example.org/pub/site/\
             \tftp://mirror{id}.{code}.example.org/\trsync://mirror{id}.{code}.example.org/site\
             \tt\tt\t{}\t{code}\t{asn}\t{prefix}\t{score}\t1000\tA mirror\tUniversity {id}\
             \thttps://mirror{id}.{code}.example.org/\t\tAdmin {id}\tadmin{id}@example.org\
             \t{latitude}\t{longitude}\t{country_only}\t{region_only}\tf\tf\t",
            country.region,
        )?;
    }
    writeln!(out, "\\.")
}

/// Each file is on so many mirrors.
fn write_files(
    out: &mut impl Write,
    size: Size,
    copies: RangeInclusive<u32>,
    rng: &mut Rng,
) -> io::Result<()> {
    writeln!(out, "COPY filearr (id, path, mirrors) FROM stdin;")?;
    let mut ids: Vec<u32> = (1..=size.mirrors).collect();
    for file in 0..size.paths {
        let count = rng.u32(copies.clone()) as usize;
        // As many as are needed, moved to the front.
        for place in 0..count {
            let other = rng.usize(place..ids.len());
            ids.swap(place, other);
        }
        write!(out, "{}\t{}\t{{", file + 1, size.files().path(file))?;
        for (place, id) in ids.iter().take(count).enumerate() {
            write!(out, "{}{id}", if place == 0 { "" } else { "," })?;
        }
        writeln!(out, "}}")?;
    }
    writeln!(out, "\\.")
}

fn write_hashes(out: &mut impl Write, paths: u32, rng: &mut Rng) -> io::Result<()> {
    writeln!(
        out,
        "COPY hash (file_id, mtime, size, md5, sha1, sha256, sha1piecesize, sha1pieces, btih, pgp, \
         zblocksize, zhashlens, zsums) FROM stdin;"
    )?;
    for file in 0..paths {
        write!(out, "{}\t{MTIME}\t{FILE_SIZE}", file + 1)?;
        for length in [16, 20, 32] {
            write_bytes(out, length, rng)?;
        }
        write!(out, "\t{PIECE_SIZE}")?;
        write_bytes(out, PIECES * 20, rng)?;
        write_bytes(out, 20, rng)?;
        writeln!(out, "\t\t0\t\\N\t")?;
    }
    writeln!(out, "\\.")
}

/// A column of type bytea.
fn write_bytes(out: &mut impl Write, length: usize, rng: &mut Rng) -> io::Result<()> {
    write!(out, "\t\\\\x")?;
    for _ in 0..length {
        write!(out, "{:02x}", rng.u8(..))?;
    }
    Ok(())
}

/// The AS that a /24 of the loopback network belongs to.
fn network_as(network: u16) -> u32 {
    1_000 + u32::from(network % 5_000)
}

/// A routing table in which each client, all of them in 127.0.0.0/8, has its /24.
fn write_prefixes(out: &mut impl Write, rng: &mut Rng) -> io::Result<()> {
    writeln!(out, "COPY pfx2asn (pfx, asn) FROM stdin;")?;
    writeln!(out, "127.0.0.0/8\t64512")?;
    for network in 0..=u16::MAX {
        let [high, low] = network.to_be_bytes();
        writeln!(out, "127.{high}.{low}.0/24\t{}", network_as(network))?;
    }
    for network in 0..50_000_u32 {
        let [_, high, middle, low] = network.to_be_bytes();
        writeln!(
            out,
            "{}.{middle}.{low}.0/24\t{}",
            11 + high,
            rng.u32(1..400_000)
        )?;
    }
    writeln!(out, "\\.")
}
