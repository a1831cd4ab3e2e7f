//! What libpq accepts in a server certificate and webpki does not look at.

pub(crate) mod version_1;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error};
use sha2::{Digest, Sha256, Sha384, Sha512};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::db::rfc4519::CN;
use x509_cert::der::oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, MD_5_WITH_RSA_ENCRYPTION,
    SHA_1_WITH_RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION,
    SHA_512_WITH_RSA_ENCRYPTION,
};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

fn parse(certificate: &CertificateDer<'_>) -> Option<Certificate> {
    Certificate::from_der(certificate).ok()
}

/// The hash of a certificate that a login over TLS can be bound to: that of its own signature, but at
/// least SHA-256 (RFC 5929, 4.1). None if the signature has none, as that of Ed25519, or one that is not known.
pub(crate) fn end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let parsed = parse(certificate)?;
    Some(match parsed.signature_algorithm.oid {
        MD_5_WITH_RSA_ENCRYPTION
        | SHA_1_WITH_RSA_ENCRYPTION
        | SHA_256_WITH_RSA_ENCRYPTION
        | ECDSA_WITH_SHA_256 => Sha256::digest(certificate).to_vec(),
        SHA_384_WITH_RSA_ENCRYPTION | ECDSA_WITH_SHA_384 => Sha384::digest(certificate).to_vec(),
        SHA_512_WITH_RSA_ENCRYPTION | ECDSA_WITH_SHA_512 => Sha512::digest(certificate).to_vec(),
        _ => return None,
    })
}

/// Fails outside the time for which the certificate was issued.
pub(crate) fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let Some(parsed) = parse(certificate) else {
        return Err(Error::InvalidCertificate(CertificateError::BadEncoding));
    };
    check_time(&parsed, now)
}

fn check_time(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    let validity = certificate.tbs_certificate.validity;
    if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
        return Err(Error::InvalidCertificate(CertificateError::NotValidYet));
    }
    if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
        return Err(Error::InvalidCertificate(CertificateError::Expired));
    }
    Ok(())
}

/// Whether the subject's common name is that of the server. As in libpq (and RFC 6125, 6.4.4) it
/// counts only where the certificate has no alternative name for a host.
pub(crate) fn common_name_matches(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let Some(parsed) = parse(certificate) else {
        return false;
    };
    let Ok(alternatives) = parsed.tbs_certificate.get::<SubjectAltName>() else {
        return false;
    };
    let has_host = alternatives.is_some_and(|(_, names)| {
        names
            .0
            .iter()
            .any(|name| matches!(name, GeneralName::DnsName(_) | GeneralName::IpAddress(_)))
    });
    if has_host {
        return false;
    }
    let wanted = name.to_str();
    parsed
        .tbs_certificate
        .subject
        .0
        .iter()
        .flat_map(|rdn| rdn.0.iter())
        .any(|attribute| {
            let utf8 = attribute.value.decode_as::<Utf8StringRef<'_>>().ok();
            let printable = attribute.value.decode_as::<PrintableStringRef<'_>>().ok();
            let text = match (&utf8, &printable) {
                (Some(text), _) => text.as_str(),
                (None, Some(text)) => text.as_str(),
                (None, None) => return false,
            };
            attribute.oid == CN && host_matches(text, &wanted)
        })
}

/// Case-blind; `*.` stands for exactly one label, and not for an address.
fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => {
            host.split_once('.')
                .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain))
                && host.parse::<std::net::IpAddr>().is_err()
        }
        None => pattern.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::host_matches;

    #[test]
    fn a_wildcard_is_one_label() {
        assert!(host_matches("db.example.org", "DB.example.org"));
        assert!(host_matches("*.example.org", "db.example.org"));
        assert!(!host_matches("*.example.org", "a.db.example.org"));
        assert!(!host_matches("*.example.org", "example.org"));
        assert!(!host_matches("*.0.0.1", "127.0.0.1"));
    }
}
