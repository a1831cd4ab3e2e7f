//! Where a server's name leads to, and whether it still does.

use super::Step;
use crate::connection_info::Endpoint;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::lookup_host;
use tokio::time::sleep;

/// How often a name is looked up again while its server is in use: an administrator who points the
/// name at another server, as managed databases do in a failover, need not end the old one's sessions.
const AGAIN: Duration = Duration::from_secs(60);

/// One place to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Socket,
    Tcp(SocketAddr),
}

impl Place {
    /// Whether what is said there leaves the machine.
    pub fn is_remote(&self) -> bool {
        match self {
            Place::Socket => false,
            Place::Tcp(address) => !address.ip().to_canonical().is_loopback(),
        }
    }
}

/// The places that a server's name leads to, in the order of the system (RFC 6724).
pub(super) async fn places(endpoint: &Endpoint, step: &Step) -> io::Result<Vec<Place>> {
    if endpoint.is_socket() {
        return Ok(vec![Place::Socket]);
    }
    if let Some(ip) = fixed(endpoint) {
        return Ok(vec![Place::Tcp(SocketAddr::new(ip, endpoint.port))]);
    }
    step.begin("looking up its name");
    let mut places = Vec::new();
    for address in lookup_host((&*endpoint.host, endpoint.port)).await? {
        let place = Place::Tcp(address);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if places.is_empty() {
        return Err(io::Error::other("its name leads to no address"));
    }
    Ok(places)
}

/// The address, if it is no matter of a name.
fn fixed(endpoint: &Endpoint) -> Option<IpAddr> {
    endpoint.address.or_else(|| endpoint.host.parse().ok())
}

/// Ends when the name no longer leads to this place, with a sentence; never for a place without a name.
pub(super) async fn moved(endpoint: Endpoint, place: Place) -> String {
    let address = match place {
        Place::Tcp(address) if fixed(&endpoint).is_none() => address,
        _ => return std::future::pending().await,
    };
    loop {
        sleep(AGAIN).await;
        // A name that cannot be looked up at present is no reason to leave a server that answers.
        if let Ok(found) = lookup_host((&*endpoint.host, endpoint.port)).await {
            let found: Vec<SocketAddr> = found.collect();
            if !found.is_empty() && !found.contains(&address) {
                return format!("{} no longer leads to {}", endpoint.host, address.ip());
            }
        }
    }
}
