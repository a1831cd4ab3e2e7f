/// What the server's configuration says to all documents.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Name and version of the program, for `generator` and `created by`: `MirrorBrain/3.0.0`.
    pub generator: String,
    /// `MirrorBrainMetalinkPublisher`.
    pub publisher: Option<Publisher>,
    /// `MirrorBrainTorrentTrackerURL`, in configuration order.
    pub trackers: Vec<String>,
    /// `MirrorBrainDHTNode`, in configuration order.
    pub dht_nodes: Vec<DhtNode>,
    /// `MirrorBrainMetalinkMagnetLinks`.
    pub magnet_links: bool,
    /// `MirrorBrainMirrorlistStyleSheet`: URL of the page's style sheet.
    pub style_sheet: Option<String>,
    /// `MirrorBrainHashesSuppressFilenames`.
    pub suppress_file_names: bool,
}

impl Site {
    /// The publisher, if both name and URL are there.
    pub(crate) fn complete_publisher(&self) -> Option<&Publisher> {
        self.publisher
            .as_ref()
            .filter(|p| !p.name.is_empty() && !p.url.is_empty())
    }
}

/// Who publishes the files (RFC 5854, section 4.2.11).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publisher {
    /// Name for people.
    pub name: String,
    /// Home page.
    pub url: String,
}

/// A node of the distributed hash table (BEP 5) through which clients enter it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DhtNode {
    /// Host name or address.
    pub host: String,
    /// UDP port.
    pub port: u16,
}
