//! Makes small mmdb files in MaxMind DB format 2.0, for tests and the demo.
//!
//! ```
//! use geo_db::writer::{Value, Writer};
//!
//! let mmdb = Writer::new("GeoLite2-Country")
//!     .insert("192.0.2.0/24", Value::map([("country", Value::map([("iso_code", "DE")]))]))
//!     .insert("2001:db8::/32", Value::map([("country", Value::map([("iso_code", "JP")]))]))
//!     .to_bytes()?;
//! # Ok::<(), geo_db::writer::Error>(())
//! ```

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

/// A value of a record.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the types of the format")]
pub enum Value {
    Text(String),
    Double(f64),
    Float(f32),
    Unsigned16(u16),
    Unsigned32(u32),
    Unsigned64(u64),
    Signed32(i32),
    Boolean(bool),
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A map, in the order given.
    pub fn map<K: Into<String>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Map(entries) => {
                control(out, 7, entries.len());
                for (key, value) in entries {
                    control(out, 2, key.len());
                    out.extend_from_slice(key.as_bytes());
                    value.encode(out);
                }
            }
            Self::Array(values) => {
                control(out, 11, values.len());
                values.iter().for_each(|value| value.encode(out));
            }
            Self::Text(text) => payload(out, 2, text.as_bytes()),
            Self::Bytes(bytes) => payload(out, 4, bytes),
            Self::Double(number) => payload(out, 3, &number.to_be_bytes()),
            Self::Float(number) => payload(out, 15, &number.to_be_bytes()),
            Self::Unsigned16(number) => payload(out, 5, significant(&number.to_be_bytes())),
            Self::Unsigned32(number) => payload(out, 6, significant(&number.to_be_bytes())),
            Self::Unsigned64(number) => payload(out, 9, significant(&number.to_be_bytes())),
            Self::Signed32(number) => payload(out, 8, &number.to_be_bytes()),
            Self::Boolean(value) => control(out, 14, usize::from(*value)),
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}
value_from!(&str => Text, String => Text, f64 => Double, f32 => Float, u16 => Unsigned16);
value_from!(u32 => Unsigned32, u64 => Unsigned64, i32 => Signed32, bool => Boolean);
value_from!(Vec<Value> => Array);

/// Integers are stored without leading zero bytes.
fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

fn payload(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    control(out, kind, bytes.len());
    out.extend_from_slice(bytes);
}

/// The control byte: three bits of type (0 means that the next byte has it, less 7), five bits of
/// size (from 29 on, one to three more bytes have the rest).
fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    let (low, rest, bytes) = match size {
        0..29 => (size as u8, 0, 0),
        29..285 => (29, size - 29, 1),
        285..65_821 => (30, size - 285, 2),
        _ => (31, size - 65_821, 3),
    };
    match kind {
        0..8 => out.push((kind << 5) | low),
        _ => out.extend([low, kind - 7]),
    }
    let rest = (rest as u32).to_be_bytes();
    out.extend_from_slice(rest.get(4 - bytes..).unwrap_or_default());
}

/// Why a file cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no network.
    #[error("{0:?} is no network such as 192.0.2.0/24")]
    Network(String),
    /// An IPv6 network in a file of IPv4 addresses.
    #[error("{0} does not fit into a file of IPv4 addresses")]
    Version(IpNet),
    /// The records are too small for that much data.
    #[error("records of {0} bits are too small, or no such size exists (24, 28, 32)")]
    RecordSize(u16),
    /// The file cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Collects networks and writes them as a file. The most specific network wins, whatever the
/// order of insertion; of equal ones the last.
#[derive(Clone, Debug)]
pub struct Writer {
    database_type: String,
    ipv4_only: bool,
    record_size: u16,
    build_epoch: u64,
    entries: Vec<(String, Value)>,
}

impl Writer {
    /// Starts a file for IPv4 and IPv6 of the given type, such as `GeoLite2-City`, with records
    /// of 24 bits.
    pub fn new(database_type: &str) -> Self {
        Self {
            database_type: database_type.to_owned(),
            ipv4_only: false,
            record_size: 24,
            build_epoch: 0,
            entries: Vec::new(),
        }
    }

    /// Makes it a file of IPv4 addresses alone.
    pub fn ipv4_only(mut self) -> Self {
        self.ipv4_only = true;
        self
    }

    /// Sets the size of a record: 24, 28 or 32 bits.
    pub fn record_size(mut self, bits: u16) -> Self {
        self.record_size = bits;
        self
    }

    /// Sets the time of making, in seconds since 1970.
    pub fn build_epoch(mut self, seconds: u64) -> Self {
        self.build_epoch = seconds;
        self
    }

    /// Adds a network, such as `192.0.2.0/24`. What is none is reported at the end.
    pub fn insert(mut self, network: &str, value: Value) -> Self {
        self.entries.push((network.to_owned(), value));
        self
    }

    /// Writes the file beside its place and moves it there, so that a reader sees the old file or
    /// the new one.
    pub fn write_to(&self, path: &Path) -> Result<(), Error> {
        let bytes = self.to_bytes()?;
        let beside = path.with_extension("mmdb.new");
        fs::write(&beside, bytes)?;
        Ok(fs::rename(beside, path)?)
    }

    /// The contents of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut networks = Vec::new();
        for (text, value) in &self.entries {
            let network: IpNet = text.parse().map_err(|_| Error::Network(text.clone()))?;
            networks.push((network, self.path(network)?, value));
        }
        // A network must be in the tree before those inside it. The sort is stable.
        networks.sort_by_key(|(_, path, _)| path.len());

        let (mut data, mut offsets) = (Vec::new(), HashMap::new());
        let mut tree = Tree::default();
        for (_, path, value) in networks {
            let mut encoded = Vec::new();
            value.encode(&mut encoded);
            let offset = *offsets.entry(encoded).or_insert_with_key(|encoded| {
                let offset = data.len();
                data.extend_from_slice(encoded);
                offset
            });
            tree.insert(&path, offset);
        }
        let mut out = tree
            .encode(self.record_size)
            .ok_or(Error::RecordSize(self.record_size))?;
        out.extend([0; 16]);
        out.append(&mut data);
        out.extend(b"\xab\xcd\xefMaxMind.com");
        self.metadata(tree.nodes.len()).encode(&mut out);
        Ok(out)
    }

    fn metadata(&self, node_count: usize) -> Value {
        let entry = |key: &str, value| (key.to_owned(), value);
        Value::Map(vec![
            entry("binary_format_major_version", Value::Unsigned16(2)),
            entry("binary_format_minor_version", Value::Unsigned16(0)),
            entry("build_epoch", Value::Unsigned64(self.build_epoch)),
            entry("database_type", Value::Text(self.database_type.clone())),
            entry(
                "description",
                Value::map([("en", self.database_type.as_str())]),
            ),
            entry(
                "ip_version",
                Value::Unsigned16(if self.ipv4_only { 4 } else { 6 }),
            ),
            entry("languages", Value::Array(vec!["en".into()])),
            entry("node_count", Value::Unsigned32(node_count as u32)),
            entry("record_size", Value::Unsigned16(self.record_size)),
        ])
    }

    /// The turns from the root to a network. In a file for both, IPv4 lies in `::/96`.
    fn path(&self, network: IpNet) -> Result<Vec<bool>, Error> {
        let (bits, width) = match network.network() {
            IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (u128::from(address), 128),
        };
        if self.ipv4_only && width == 128 {
            return Err(Error::Version(network));
        }
        let leading = if self.ipv4_only || width == 128 {
            0
        } else {
            96
        };
        let length = usize::from(network.prefix_len());
        let turns = (0..length).map(|bit| (bits >> (width - 1 - bit)) & 1 == 1);
        Ok(std::iter::repeat_n(false, leading).chain(turns).collect())
    }
}

/// What a record of the search tree says.
#[derive(Clone, Copy, Default)]
enum Record {
    #[default]
    Nothing,
    Node(usize),
    Data(usize),
}

/// The search tree, the root first.
struct Tree {
    nodes: Vec<[Record; 2]>,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            nodes: vec![[Record::Nothing; 2]],
        }
    }
}

impl Tree {
    /// Points a network to data. Networks that hold others must come first.
    fn insert(&mut self, path: &[bool], data: usize) {
        let Some((&last, way)) = path.split_last() else {
            self.nodes = vec![[Record::Data(data); 2]]; // the whole address space
            return;
        };
        let mut node = 0;
        for &turn in way {
            let next = self.nodes.len();
            let Some(record) = self.record(node, turn) else {
                return;
            };
            node = match *record {
                Record::Node(node) => node,
                outer => {
                    *record = Record::Node(next);
                    self.nodes.push([outer; 2]); // the network that holds this one, split
                    next
                }
            };
        }
        if let Some(record) = self.record(node, last) {
            *record = Record::Data(data);
        }
    }

    fn record(&mut self, node: usize, turn: bool) -> Option<&mut Record> {
        self.nodes.get_mut(node)?.get_mut(usize::from(turn))
    }

    /// The tree as bytes; `None` if a record does not fit or the size does not exist.
    fn encode(&self, record_size: u16) -> Option<Vec<u8>> {
        let count = self.nodes.len();
        let number = |record: &Record| match *record {
            Record::Nothing => Some(count),
            Record::Node(node) => Some(node),
            Record::Data(offset) => offset.checked_add(count + 16),
        };
        let mut out = Vec::new();
        for [left, right] in &self.nodes {
            let [left, right] = [number(left)?, number(right)?].map(u32::try_from);
            let (left, right) = (left.ok()?, right.ok()?);
            if left.max(right).checked_shr(record_size.into()).unwrap_or(0) != 0 {
                return None;
            }
            let ([a, b, c, d], [e, f, g, h]) = (left.to_be_bytes(), right.to_be_bytes());
            match record_size {
                24 => out.extend([b, c, d, f, g, h]),
                28 => out.extend([b, c, d, (a << 4) | e, f, g, h]), // the high halves share a byte
                32 => out.extend([a, b, c, d, e, f, g, h]),
                _ => return None,
            }
        }
        Some(out)
    }
}
