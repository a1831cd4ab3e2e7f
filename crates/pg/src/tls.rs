//! TLS to the database with libpq's meaning of `sslmode`, on rustls.
//!
//! `prefer`, `allow` and `require` encrypt without looking at the certificate; `require` with root
//! certificates at hand is `verify-ca`; `verify-ca` checks the chain; `verify-full` also the name.

use crate::certificate;
use crate::certificate::version_1::{self, Trust};
use crate::connect::{AnyError, Duplex};
use crate::connection_info::{ConnectionInfo, RootCertificates, SslMode, TlsOptions};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature,
    verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// Encrypts a stream; with it comes the hash of the server's certificate that a login can be bound to.
pub(crate) async fn handshake(
    info: &ConnectionInfo,
    host: &str,
    stream: Box<dyn Duplex>,
) -> Result<(Box<dyn Duplex>, Option<Vec<u8>>), AnyError> {
    let connector = TlsConnector::from(Arc::new(client_config(info)?));
    let name = ServerName::try_from(host.to_owned())?;
    let stream = connector.connect(name, stream).await?;
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().and_then(|chain| chain.first());
    let end_point = certificate.and_then(certificate::end_point);
    Ok((Box::new(stream), end_point))
}

/// The files are read anew for each connection, so that a renewed certificate needs no restart.
fn client_config(info: &ConnectionInfo) -> Result<ClientConfig, AnyError> {
    let options = &info.tls;
    let provider = Arc::new(ring::default_provider());
    let versions = match (options.min_1_3, options.max_1_2) {
        (true, _) => &[&TLS13][..],
        (_, true) => &[&TLS12][..],
        _ => &[&TLS13, &TLS12][..],
    };
    let verifier = verifier(info, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match client_certificate(info)? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    config.enable_sni = options.sni;
    if options.direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

fn verifier(info: &ConnectionInfo, provider: &Arc<CryptoProvider>) -> Result<Verifier, AnyError> {
    let options = &info.tls;
    let mode = options.mode();
    let roots = match &options.root {
        _ if mode < SslMode::Require => None,
        RootCertificates::System => {
            let mut roots = Vec::new();
            // Certificates that cannot be read are left out; an empty store is refused below.
            roots.extend(rustls_native_certs::load_native_certs().certs);
            Some(roots)
        }
        RootCertificates::File(path) if path.exists() => Some(certificates(path)?),
        RootCertificates::File(path) if mode > SslMode::Require => {
            return Err(format!("sslrootcert {} does not exist", path.display()).into());
        }
        RootCertificates::File(_) => None,
        RootCertificates::Default => {
            let path = at_home(info, "root.crt").filter(|path| path.exists());
            match path {
                Some(path) => Some(certificates(&path)?),
                None if mode > SslMode::Require => {
                    return Err("sslmode asks for verification, but there is no sslrootcert".into());
                }
                None => None,
            }
        }
    };
    let chain = match roots {
        Some(roots) => Some(Chain::new(roots, options, provider)?),
        None => None,
    };
    Ok(Verifier {
        provider: provider.clone(),
        chain,
        check_name: mode == SslMode::VerifyFull,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, AnyError> {
    let problem = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(|error| problem(&error))?
        .collect::<Result<_, _>>()
        .map_err(|error| problem(&error))?;
    if certificates.is_empty() {
        return Err(problem(&"holds no certificate").into());
    }
    Ok(certificates)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The certificate to show, if one is configured or lies in its default place.
fn client_certificate(info: &ConnectionInfo) -> Result<Option<Identity>, AnyError> {
    let options = &info.tls;
    if !options.send_certificate {
        return Ok(None);
    }
    let default = || at_home(info, "postgresql.crt").filter(|path| path.exists());
    let Some(path) = options.certificate.clone().or_else(default) else {
        return Ok(None);
    };
    let key = options
        .key
        .clone()
        .or_else(|| at_home(info, "postgresql.key"));
    let key = key.ok_or("there is no sslkey for sslcert")?;
    let key = PrivateKeyDer::from_pem_file(&key)
        .map_err(|error| format!("sslkey {}: {error}", key.display()))?;
    Ok(Some((certificates(&path)?, key)))
}

/// A file in libpq's folder.
fn at_home(info: &ConnectionInfo, file: &str) -> Option<PathBuf> {
    Some(info.home.as_ref()?.join(".postgresql").join(file))
}

/// Checks a server's certificate as far as `sslmode` asks for it.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// Without it any certificate will do: the connection is encrypted, no more.
    chain: Option<Chain>,
    check_name: bool,
}

#[derive(Debug)]
struct Chain {
    inner: Arc<WebPkiServerVerifier>,
    roots: Vec<CertificateDer<'static>>,
    revocation_lists: Vec<CertificateRevocationListDer<'static>>,
}

impl Chain {
    fn new(
        roots: Vec<CertificateDer<'static>>,
        options: &TlsOptions,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, AnyError> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let mut builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone());
        let mut revocation_lists = Vec::new();
        if let Some(path) = &options.revocation_list {
            let lists: Result<Vec<_>, _> =
                CertificateRevocationListDer::pem_file_iter(path).and_then(|lists| lists.collect());
            revocation_lists =
                lists.map_err(|error| format!("sslcrl {}: {error}", path.display()))?;
            let lists = revocation_lists.iter().cloned();
            builder = builder.with_crls(lists).allow_unknown_revocation_status();
        }
        Ok(Self {
            inner: builder.build()?,
            roots,
            revocation_lists,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        let verdict = if let Some(old) = version_1::read(certificate) {
            let trust = Trust {
                roots: &chain.roots,
                intermediates,
                revocation_lists: &chain.revocation_lists,
                algorithms: self.algorithms(),
                now,
            };
            // It has no names but the common one.
            trust
                .check(&old)
                .and(Err(CertificateError::NotValidForName.into()))
        } else if chain.roots.iter().any(|root| root == certificate) {
            // A self-signed server certificate that is its own root. OpenSSL takes it; webpki
            // would refuse it for being a CA.
            certificate::check_validity(certificate, now)?;
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
                .map(|()| ServerCertVerified::assertion())
        } else {
            chain
                .inner
                .verify_server_cert(certificate, intermediates, name, ocsp_response, now)
        };
        match verdict {
            // The chain is checked first, so that a wrong name means a good chain.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.check_name || certificate::common_name_matches(certificate, name) => {
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let Some(old) = version_1::read(certificate) {
            return version_1::verify_tls12_signature(message, &old, signature, self.algorithms());
        }
        verify_tls12_signature(message, certificate, signature, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let Some(old) = version_1::read(certificate) {
            let key = version_1::public_key(&old)?;
            let algorithms = self.algorithms();
            return verify_tls13_signature_with_raw_key(message, &key, signature, algorithms);
        }
        verify_tls13_signature(message, certificate, signature, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}

impl Verifier {
    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}
