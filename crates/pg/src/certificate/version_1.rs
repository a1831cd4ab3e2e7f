//! Certificates of X.509 version 1, which webpki does not read and OpenSSL takes.
//!
//! They have no extensions: no alternative names, and no word on what they may be used for. The recipe
//! of PostgreSQL's manual ("Creating Certificates") gives one with OpenSSL before 3.4, which is what many
//! a private server has.

use super::{check_time, parse};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, SignatureVerificationAlgorithm,
    SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::{CertificateError, DigitallySignedStruct, Error};
use x509_cert::crl::CertificateList;
use x509_cert::der::asn1::BitString;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{Certificate, Version};

/// Certificates between that of the server and a root.
const LONGEST: usize = 8;

/// The certificate, if it is of this version.
pub(crate) fn read(certificate: &CertificateDer<'_>) -> Option<Certificate> {
    parse(certificate).filter(|parsed| parsed.tbs_certificate.version == Version::V1)
}

/// The server's key, as TLS 1.3 wants it.
pub(crate) fn public_key(
    certificate: &Certificate,
) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let key = certificate.tbs_certificate.subject_public_key_info.to_der();
    key.map(SubjectPublicKeyInfoDer::from)
        .map_err(|_| CertificateError::BadEncoding.into())
}

/// Whether the server holds the key of the certificate, in TLS 1.2.
pub(crate) fn verify_tls12_signature(
    message: &[u8],
    certificate: &Certificate,
    signature: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let candidates = algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == signature.scheme)
        .flat_map(|(_, algorithms)| *algorithms);
    let key = &certificate.tbs_certificate.subject_public_key_info;
    match verify(candidates, key, message, signature.signature()) {
        true => Ok(HandshakeSignatureValid::assertion()),
        false => Err(CertificateError::BadSignature.into()),
    }
}

/// Whether one of the algorithms fits the key and verifies the signature.
fn verify<'a>(
    candidates: impl IntoIterator<Item = &'a &'static dyn SignatureVerificationAlgorithm>,
    key: &SubjectPublicKeyInfoOwned,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Some(bits) = key.subject_public_key.as_bytes() else {
        return false;
    };
    let kind = inner(&key.algorithm);
    candidates
        .into_iter()
        .filter(|algorithm| kind.as_deref() == Some(algorithm.public_key_alg_id().as_ref()))
        .any(|algorithm| algorithm.verify_signature(bits, message, signature).is_ok())
}

/// The contents of the sequence, which is how webpki names algorithms.
fn inner(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let mut contents = algorithm.oid.to_der().ok()?;
    if let Some(parameters) = &algorithm.parameters {
        contents.extend(parameters.to_der().ok()?);
    }
    Some(contents)
}

/// What a certificate is judged by.
pub(crate) struct Trust<'a> {
    pub roots: &'a [CertificateDer<'static>],
    pub intermediates: &'a [CertificateDer<'a>],
    pub revocation_lists: &'a [CertificateRevocationListDer<'static>],
    pub algorithms: &'a WebPkiSupportedAlgorithms,
    pub now: UnixTime,
}

impl Trust<'_> {
    /// Whether there is a way to a root, all of it valid now and nothing of it revoked.
    pub(crate) fn check(&self, certificate: &Certificate) -> Result<(), Error> {
        let roots: Vec<Certificate> = self.roots.iter().filter_map(parse).collect();
        let intermediates: Vec<Certificate> = self.intermediates.iter().filter_map(parse).collect();
        let mut current = certificate;
        for below in 0..LONGEST {
            check_time(current, self.now)?;
            if roots.contains(current) {
                return Ok(());
            }
            if let Some(root) = roots.iter().find(|root| self.issued(root, current, below)) {
                check_time(root, self.now)?;
                return self.check_revocation(current, root);
            }
            let next = intermediates.iter().find(|next| {
                // Version 1 may be a root, no more; and what limits the names below is not read here.
                next.tbs_certificate.version == Version::V3
                    && !has_unread_limits(next)
                    && self.issued(next, current, below)
            });
            let Some(next) = next else { break };
            self.check_revocation(current, next)?;
            current = next;
        }
        Err(CertificateError::UnknownIssuer.into())
    }

    /// Whether `issuer` has signed the certificate and may do so, with so many others `below` its own.
    fn issued(&self, issuer: &Certificate, certificate: &Certificate, below: usize) -> bool {
        issuer.tbs_certificate.subject == certificate.tbs_certificate.issuer
            && may_sign(issuer, below)
            && certificate.tbs_certificate.to_der().is_ok_and(|signed| {
                let algorithm = &certificate.signature_algorithm;
                self.signed_by(issuer, &signed, algorithm, &certificate.signature)
            })
    }

    fn signed_by(
        &self,
        issuer: &Certificate,
        signed: &[u8],
        algorithm: &AlgorithmIdentifierOwned,
        signature: &BitString,
    ) -> bool {
        let kind = inner(algorithm);
        let candidates = self
            .algorithms
            .all
            .iter()
            .filter(|known| kind.as_deref() == Some(known.signature_alg_id().as_ref()));
        let key = &issuer.tbs_certificate.subject_public_key_info;
        signature
            .as_bytes()
            .is_some_and(|signature| verify(candidates, key, signed, signature))
    }

    fn check_revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), Error> {
        let serial = &certificate.tbs_certificate.serial_number;
        for list in self.revocation_lists {
            let Ok(list) = CertificateList::from_der(list) else {
                continue;
            };
            let revoked = list.tbs_cert_list.revoked_certificates.iter().flatten();
            let is_ours = list.tbs_cert_list.issuer == issuer.tbs_certificate.subject
                && list.tbs_cert_list.to_der().is_ok_and(|signed| {
                    self.signed_by(issuer, &signed, &list.signature_algorithm, &list.signature)
                });
            if is_ours
                && revoked
                    .into_iter()
                    .any(|entry| &entry.serial_number == serial)
            {
                return Err(CertificateError::Revoked.into());
            }
        }
        Ok(())
    }
}

/// As OpenSSL has it: basic constraints decide; without them a root of version 1 may, and one whose
/// key is for signing certificates.
fn may_sign(certificate: &Certificate, below: usize) -> bool {
    let body = &certificate.tbs_certificate;
    let (Ok(constraints), Ok(usage)) = (body.get::<BasicConstraints>(), body.get::<KeyUsage>())
    else {
        return false;
    };
    let for_certificates = usage.map(|(_, usage)| usage.key_cert_sign());
    match constraints {
        Some((_, constraints)) => {
            let room = constraints.path_len_constraint;
            constraints.ca
                && for_certificates != Some(false)
                && room.is_none_or(|room| below <= usize::from(room))
        }
        None => body.version == Version::V1 || for_certificates == Some(true),
    }
}

/// Whether it has critical extensions beyond those that are looked at.
fn has_unread_limits(certificate: &Certificate) -> bool {
    use x509_cert::der::oid::db::rfc5280::{ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE};
    let known = [ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE];
    let extensions = certificate.tbs_certificate.extensions.iter().flatten();
    extensions
        .into_iter()
        .any(|extension| extension.critical && !known.contains(&extension.extn_id))
}
