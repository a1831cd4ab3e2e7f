//! Answers on their way into httpd: headers, environment variables, body.

use crate::MirrorBrain;
use crate::client::Who;
use crate::exchange::RequestedFile;
use crate::sums::Source;
use crate::trace::printable;
use apache::{Level, Method, Outcome, Request};
use mirror_cache::SumsError;
use representation::redirect::{Header, Redirect};
use representation::{Answer, ClientInfo, File};
use std::ffi::CStr;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

/// Seconds after which a client may try again while the database is away.
const RETRY_AFTER: &CStr = c"10";

/// The address of who is connected, or whom mod_remoteip trusts: not what a header or another
/// module claims.
pub fn peer(request: Request<'_>) -> Option<IpAddr> {
    let address: IpAddr = request.useragent_ip()?.to_str().ok()?.parse().ok()?;
    Some(address.to_canonical())
}

/// `scheme://host[:port]` of this server.
pub fn origin(request: Request<'_>) -> String {
    let host = request.self_host().to_string_lossy();
    let mut origin = String::with_capacity(host.len() + 16);
    for piece in [request.scheme(), "://", &host] {
        origin.push_str(piece);
    }
    if let Some(port) = request.explicit_port() {
        // Writing to a String cannot fail.
        let _ = write!(origin, ":{port}");
    }
    origin
}

/// The file with its URLs.
pub fn file<'a>(request: Request<'_>, key: &'a [u8], requested: &RequestedFile<'_>) -> File<'a> {
    File::new(
        key,
        &origin(request),
        requested.uri,
        requested.size,
        requested.mtime,
    )
}

impl Who<'_> {
    /// Sets the variables that logs count with.
    pub fn tell(&self, request: Request<'_>, size: u64) {
        let env = request.env();
        env.set(c"MB_FILESIZE", size.to_string().as_bytes());
        env.set(c"MB_COUNTRY_CODE", self.country_code.as_bytes());
        env.set(c"MB_CONTINENT_CODE", self.continent_code.as_bytes());
    }

    /// What the mirror list shows of the client.
    pub fn shown<'a>(
        &'a self,
        address: Option<&'a str>,
        country_name: Option<&'a str>,
    ) -> ClientInfo<'a> {
        ClientInfo {
            address,
            country: self.client.country.is_some().then_some(&*self.country_code),
            country_name,
            continent: self
                .client
                .region
                .is_some()
                .then_some(&*self.continent_code),
            asn: self.asn.as_deref(),
            prefix: self.prefix,
            coordinates: self.client.coordinates,
        }
    }
}

/// 302.
pub fn redirect(request: Request<'_>, redirect: &Redirect<'_>) -> Outcome {
    let (out, err) = (request.headers_out(), request.err_headers_out());
    redirect.headers(|header, value| match header {
        Header::Location => out.set(header.name(), value),
        Header::Link | Header::Digest => err.add(header.name(), value),
        Header::Vary => err.merge(header.name(), value),
        _ => err.set(header.name(), value),
    });
    let env = request.env();
    env.set_static(c"MB_REDIRECTED", c"1");
    env.set(c"MB_REALM", redirect.target.realm().as_str().as_bytes());
    env.set_static(c"GIVE", c"redirect");
    Outcome::Status(302)
}

/// 200 with a document without sums; `give` names it in the log.
pub fn document(request: Request<'_>, give: &str, answer: &Answer<'_>) -> Outcome {
    long_document(request, give, answer, None)
}

/// 200 with a document and the source of the sums in its body.
pub fn long_document(
    request: Request<'_>,
    give: &str,
    answer: &Answer<'_>,
    source: Option<Source<'_>>,
) -> Outcome {
    let out = request.headers_out();
    for (name, value) in &answer.headers {
        let value = value.as_bytes();
        match *name {
            "Content-Type" => request.set_content_type(value),
            "Vary" => out.merge(c"Vary", value),
            _ => out.set_named(name.as_bytes(), value),
        }
    }
    request.env().set(c"GIVE", give.as_bytes());
    request.set_content_length(answer.length());
    if request.method() != Method::Head {
        send(request, give, answer, source);
    }
    Outcome::Ok
}

/// Why a body ends early.
enum Break {
    /// The client has gone: nothing is left to answer.
    Client,
    Sums(SumsError),
}

/// Sends the body as the client takes it: what httpd does not take at once is waited for.
fn send(request: Request<'_>, give: &str, answer: &Answer<'_>, mut source: Option<Source<'_>>) {
    let sent = answer.write_to(
        |offset| match &mut source {
            Some(source) => source.range(offset).map_err(Break::Sums),
            None => Err(Break::Sums(SumsError::Changed)),
        },
        |bytes| request.write(bytes).map_err(|_| Break::Client),
    );
    if let Err(Break::Sums(problem)) = sent {
        request.log::<MirrorBrain>(Level::Warning, || {
            let name = request.filename().unwrap_or_default().to_string_lossy();
            let name = printable(&name);
            format!("the {give} of {name} ends early: {problem}")
        });
        request.break_off();
    }
}

/// 503: what was asked for exists, but cannot be made without the database.
pub fn unavailable(request: Request<'_>) -> Outcome {
    request
        .err_headers_out()
        .set_static(c"Retry-After", RETRY_AFTER);
    Outcome::Status(503)
}

/// A site's own header or footer of the mirror list; nothing if it cannot be read.
pub fn page_part(request: Request<'_>, file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|problem| {
        request.log::<MirrorBrain>(Level::Error, || {
            format!(
                "cannot read {}: {problem}; leaving that part out",
                file.display()
            )
        });
        Vec::new()
    })
}
