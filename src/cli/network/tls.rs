//! Whom to trust, and who to be.

use std::{ffi::OsString, path::PathBuf};

use clap::Args;

use crate::{cli::terminal::print_error, extension::WebSocketExtensionBuilder, net::TlsOptions};

/// A file of certificates that programs trust, as OpenSSL has it.
const CERT_FILE: &str = "SSL_CERT_FILE";

/// A file for the secrets of connections, as browsers and curl have it.
const KEY_LOG_FILE: &str = "SSLKEYLOGFILE";

#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArgs {
    /// Trust the certificates in this PEM file too, in addition to Mozilla's roots and to those in the file that the
    /// environment variable SSL_CERT_FILE names. May be given several times.
    #[arg(long, value_name = "FILE")]
    ca_file: Vec<PathBuf>,

    /// Trust the certificates of --ca-file alone: neither Mozilla's roots nor SSL_CERT_FILE.
    #[arg(long, requires = "ca_file", conflicts_with = "system_ca")]
    ca_only: bool,

    /// Trust what the operating system trusts, in place of Mozilla's roots.
    #[arg(long)]
    system_ca: bool,

    /// Show the certificate in this PEM file, with its chain behind it, to servers that ask for one.
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// The private key of --cert, unencrypted PEM. Default: the file of --cert, which may have both.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Ask servers for this name, and want their certificates to be for it, whatever host the URL names.
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,

    /// DANGEROUS, for tests only: accept any certificate from any server. Anybody on the way can then read and change
    /// everything. Each connection is warned of.
    #[arg(long, conflicts_with_all = ["ca_only", "system_ca"])]
    insecure_accept_any_certificate: bool,
}

/// Certificates that are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Roots {
    /// Where they are from.
    pub(in crate::cli) from: String,
    /// How many; `None` if nobody can say.
    pub(in crate::cli) count: Option<usize>,
    /// Why nobody can.
    pub(in crate::cli) note: &'static str,
}

impl Roots {
    fn new(from: impl Into<String>, count: Option<usize>, note: &'static str) -> Self {
        Self {
            from: from.into(),
            count,
            note,
        }
    }
}

impl TlsArgs {
    /// Whose certificates are trusted, in words.
    pub(super) fn roots(&self) -> Vec<Roots> {
        if self.insecure_accept_any_certificate {
            return vec![Roots::new("--insecure-accept-any-certificate", None, "any")];
        }
        let mut all = Vec::new();
        if self.system_ca {
            all.push(Roots::new("the operating system's", None, "system"));
        } else if !self.ca_only {
            let count = webpki_roots::TLS_SERVER_ROOTS.len();
            all.push(Roots::new("Mozilla's roots", Some(count), ""));
        }
        let variable = std::env::var_os(CERT_FILE).filter(|path| !path.is_empty() && !self.ca_only);
        let variable = variable.map(|path| (CERT_FILE, PathBuf::from(path)));
        let files = self.ca_file.iter().map(|path| ("--ca-file", path.clone()));
        for (name, path) in files.chain(variable) {
            let count = TlsOptions::default().add_pem_file(&path).ok();
            let from = format!("{} ({name})", path.display());
            all.push(Roots::new(from, count, "unreadable"));
        }
        all
    }

    /// Whether Mozilla's roots are not trusted.
    pub(super) fn chooses_roots(&self) -> bool {
        self.ca_only || self.system_ca
    }

    /// Two environment variables are heeded, when they are not empty: SSL_CERT_FILE, and SSLKEYLOGFILE, to which the secrets
    /// of connections are appended as curl does.
    pub(super) fn apply(
        &self,
        builder: WebSocketExtensionBuilder,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<WebSocketExtensionBuilder, String> {
        let file_of = |name| {
            variable(name)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        };
        let from_environment = file_of(CERT_FILE).filter(|_| !self.ca_only);
        let change = |tls: &mut TlsOptions| {
            for path in &self.ca_file {
                tls.add_pem_file(path)?;
            }
            // Often set for other programs, and long: no reason to read it where nothing needs it.
            if let Some(path) = from_environment {
                tls.add_pem_file_on_first_use(path);
            }
            if self.ca_only {
                tls.trust_only_added();
            }
            if self.system_ca {
                tls.trust_system_store();
            }
            if let Some(certificate) = &self.cert {
                let key = self.key.as_ref().unwrap_or(certificate);
                tls.set_client_certificate_files(certificate, key)?;
            }
            if let Some(name) = &self.tls_server_name {
                tls.set_server_name(name)?;
            }
            // Often set for other programs: no reason not to connect.
            if let Some(path) = file_of(KEY_LOG_FILE)
                && let Err(error) = tls.set_key_log_file(path)
            {
                print_error(format_args!("boaws: warning: {KEY_LOG_FILE}: {error}"));
            }
            if self.insecure_accept_any_certificate {
                tls.dangerously_accept_any_certificate();
            }
            Ok(())
        };
        builder.tls(change).map_err(|error| error.to_string())
    }
}
