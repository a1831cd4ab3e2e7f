//! The look-up in a request.

use crate::Asn;
use crate::config::ServerConfig;
use crate::source::Network;
use apache::{HeaderParser, Level, Outcome, Request};
use std::net::IpAddr;
use std::sync::atomic::Ordering;

/// The header parser.
///
/// It runs for the request that a client sent and again for each internal redirect, whose
/// environment httpd starts afresh with the old variables under `REDIRECT_` names, so `PFX` and
/// `ASN` are there under their own names. Sub-requests inherit them.
pub struct Lookup;

impl HeaderParser for Lookup {
    fn parse(request: Request<'_>) -> Outcome {
        let Some(directory) = request
            .directory_config::<Asn>()
            .filter(|directory| directory.lookup == Some(true))
        else {
            return Outcome::Declined;
        };
        let Some(server) = request.server_config::<Asn>() else {
            return Outcome::Declined;
        };
        let trace = |text: &dyn Fn() -> String| {
            if directory.debug == Some(true) {
                request.log::<Asn>(Level::Warning, || format!("[mod_asn] {}", text()));
            }
        };
        let Some(address) = client_address(request, server) else {
            trace(&|| "the client's address is not known".to_owned());
            return Outcome::Declined;
        };
        let Some(source) = server.source.get() else {
            complain(request, server);
            return Outcome::Declined;
        };
        let Some(Network { prefix, asn }) = source.find(address) else {
            trace(&|| format!("the network of {address} is not known"));
            return Outcome::Declined;
        };
        trace(&|| format!("{address} is in {prefix}, AS {asn}"));
        let environment = request.env();
        environment.set(c"PFX", prefix.as_bytes());
        environment.set(c"ASN", asn.as_bytes());
        if directory.set_headers == Some(true) {
            let headers = request.err_headers_out();
            headers.set(c"X-Prefix", prefix.as_bytes());
            headers.set(c"X-AS", asn.as_bytes());
        }
        Outcome::Declined
    }
}

/// The address to look up. A source that is configured but absent in the request means none: the
/// connection's address would be that of a proxy.
fn client_address(request: Request<'_>, server: &ServerConfig) -> Option<IpAddr> {
    let text = if let Some(name) = &server.header {
        request.headers_in().get(name)
    } else if let Some(name) = &server.variable {
        request.env().get(name)
    } else {
        request.useragent_ip()
    };
    asn::table::last_address(text?.to_str().ok()?)
}

/// Says once in the life of a child that nothing can be looked up.
fn complain(request: Request<'_>, server: &ServerConfig) {
    if !server.complained.swap(true, Ordering::Relaxed) {
        request.log::<Asn>(Level::Warning, || {
            "ASLookup is On, but neither DBDParams nor ASLookupDatabase says where to look"
                .to_owned()
        });
    }
}
