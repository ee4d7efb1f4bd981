//! TLS to a PostgreSQL server: what of its certificate is checked, and against which roots.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// libpq's `sslmode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsMode {
    Off,
    /// Encrypted where the server can do it. Nothing is checked.
    Prefer,
    /// Encrypted. Nothing is checked.
    Require,
    /// The certificate must come from one of the authorities in the file, for whatever name.
    VerifyCa(PathBuf),
    /// The certificate must be valid, and for the host.
    VerifyFull(Roots),
}

/// The authorities that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    System,
    /// Certificates as PEM.
    File(PathBuf),
}

impl TlsMode {
    pub fn ssl_mode(&self) -> SslMode {
        match self {
            Self::Off => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa(_) | Self::VerifyFull(_) => SslMode::Require,
        }
    }

    /// Reads the roots. Blocks.
    pub fn connector(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = self.verifier(&provider)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| cannot_check().because(error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
        let lenient = |roots| Arc::new(Lenient { roots, provider: Arc::clone(provider) });
        Ok(match self {
            Self::Off | Self::Prefer | Self::Require => lenient(None),
            Self::VerifyCa(file) => lenient(Some(read_roots(file)?)),
            Self::VerifyFull(Roots::File(file)) => {
                let roots = Arc::new(read_roots(file)?);
                WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
                    .build()
                    .map_err(|error| cannot_check().because(error))?
            }
            Self::VerifyFull(Roots::System) => {
                Arc::new(Verifier::new(Arc::clone(provider)).map_err(|error| {
                    cannot_check().because(error).hint(
                        "install the system's certificates (ca-certificates), or name those of \
                         the server's authority with sslrootcert=FILE",
                    )
                })?)
            }
        })
    }
}

fn cannot_check() -> Error {
    Error::new(Exit::Configuration, "cannot set up the check of the server's certificate")
}

fn read_roots(file: &Path) -> Result<RootCertStore> {
    let unusable = || {
        let message = format!("cannot use the certificates in {}", file.display());
        Error::new(Exit::Configuration, message)
            .hint("name a readable file with certificates as PEM by sslrootcert=FILE in the URL")
    };
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|error| unusable().because(error))?;
    if certificates.is_empty() {
        return Err(unusable().because("there are none"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| unusable().because(error))?;
    }
    Ok(roots)
}

/// Takes a certificate for any name; without roots, any certificate. The server has to hold its
/// key all the same.
#[derive(Debug)]
struct Lenient {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(certificate)?,
                roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
