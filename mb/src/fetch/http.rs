//! Over HTTP and HTTPS. No proxy stands between us and a mirror: what it says would be its cache's.

use super::{FetchError, Found, PATIENCE, Wanted, read};
use crate::error::Failure;
use mirror_files::http::agent;
use std::time::Duration;
use url::Url;

/// How often a mirror may send us elsewhere.
const REDIRECTS: u32 = 10;

/// An HTTP client, to be shared by threads.
pub(crate) struct Client {
    agent: ureq::Agent,
    /// For all of an answer, of the other protocols as well.
    pub(super) limit: Duration,
}

impl Client {
    /// One that follows redirects and trusts whom the system trusts. `limit` is for all of an answer, from
    /// looking the name up to the last byte.
    pub(crate) fn new(limit: Duration) -> Result<Self, Failure> {
        let config = agent(concat!("MirrorBrain mb/", env!("CARGO_PKG_VERSION")))
            .max_redirects(REDIRECTS)
            .max_idle_connections(0)
            .timeout_global(Some(limit))
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .build();
        let agent = config.new_agent();
        Ok(Self { agent, limit })
    }

    /// Gets what is wanted of a file.
    pub(super) fn get(&self, url: &str, wanted: Wanted) -> Result<Found, FetchError> {
        // What administrators write has umlauts and blanks in it; this has none.
        let url = Url::parse(url).map_err(|e| FetchError::Url(e.to_string()))?;
        let response = self.agent.get(url.as_str()).call()?;
        let status = response.status();
        if !status.is_success() {
            return Err(FetchError::Status(status.as_u16()));
        }
        let mut found = Found::default();
        if wanted != Wanted::PRESENCE {
            found = read(response.into_body().into_reader(), wanted, self.limit)?;
        }
        found.status = Some(status.as_u16());
        Ok(found)
    }
}
