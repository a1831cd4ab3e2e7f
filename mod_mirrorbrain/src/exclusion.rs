//! Requests and files that are kept off the mirrors.

use crate::config::{DirectoryConfig, Network};
use crate::mask::Mask;
use apache::{Request, wildcard_match};
use std::ffi::CStr;
use std::net::IpAddr;

/// Why a request is answered with the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// `MirrorBrainMinSize`
    Size,
    /// `MirrorBrainExcludeFileMask`
    File,
    /// `MirrorBrainExcludeMimeType`
    Type,
    /// `MirrorBrainExcludeIP`
    Address,
    /// `MirrorBrainExcludeNetwork`
    Network,
    /// `MirrorBrainExcludeUserAgent`
    Agent,
}

impl Exclusion {
    /// The directive behind it, for the debug log.
    pub fn directive(self) -> &'static str {
        match self {
            Self::Size => "MirrorBrainMinSize",
            Self::File => "MirrorBrainExcludeFileMask",
            Self::Type => "MirrorBrainExcludeMimeType",
            Self::Address => "MirrorBrainExcludeIP",
            Self::Network => "MirrorBrainExcludeNetwork",
            Self::Agent => "MirrorBrainExcludeUserAgent",
        }
    }
}

impl DirectoryConfig {
    /// Whether the file itself is excluded, whoever asks: by its path (without a
    /// representation's suffix), which `is_matched` holds against the mask, or its MIME type, which
    /// `content_type` finds if it is needed.
    pub fn excludes_file<T: AsRef<CStr>>(
        &self,
        is_matched: impl FnOnce(&Mask) -> bool,
        content_type: impl FnOnce() -> Option<T>,
    ) -> Option<Exclusion> {
        if self.excluded_files.as_deref().is_some_and(is_matched) {
            return Some(Exclusion::File);
        }
        if self.excluded_types.is_empty() {
            return None;
        }
        let content_type = content_type()?;
        let excluded = self
            .excluded_types
            .iter()
            .any(|p| wildcard_match(p, content_type.as_ref()));
        excluded.then_some(Exclusion::Type)
    }

    /// Whether files are excluded by type (`MirrorBrainExcludeMimeType`).
    pub fn excludes_types(&self) -> bool {
        !self.excluded_types.is_empty()
    }

    /// Whether a client is excluded.
    pub fn excludes_client(
        &self,
        request: Request<'_>,
        address: Option<IpAddr>,
    ) -> Option<Exclusion> {
        if let Some(address) = address {
            if self.excluded_addresses.contains(&address) {
                return Some(Exclusion::Address);
            }
            if self.excludes_network(address) {
                return Some(Exclusion::Network);
            }
        }
        if self.excluded_agents.is_empty() {
            return None;
        }
        let agent = request.headers_in().get(c"User-Agent")?;
        let excluded = self
            .excluded_agents
            .iter()
            .any(|p| wildcard_match(p, agent));
        excluded.then_some(Exclusion::Agent)
    }

    fn excludes_network(&self, address: IpAddr) -> bool {
        if self.excluded_networks.is_empty() {
            return false;
        }
        let text = address.to_string();
        self.excluded_networks.iter().any(|network| match network {
            Network::Text(start) => text.starts_with(&**start),
            Network::Prefix(prefix) => prefix.contains(&address),
        })
    }

    /// `MirrorBrainTrusted`
    pub fn trusts(&self, address: Option<IpAddr>) -> bool {
        address.is_some_and(|address| self.trusted.iter().any(|net| net.contains(&address)))
    }
}
