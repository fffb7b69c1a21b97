//! The servers of a checkout of web-platform-tests.
//!
//! They run straight from the tree, on loopback, on ports that are free, with a certificate made for the occasion (the one
//! in the tree has a date on which it ends). Their hosts are below `.localhost`, which is this machine everywhere, so that nobody has to
//! edit a hosts file.

mod certificate;
mod scratch;

use std::{
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};
use serde_json::{Value, json};

use self::{certificate::Certificate, scratch::ScratchFolder};
use super::plan::TestFile;
use crate::{cli::terminal::print_error, net::TlsOptions};

/// What Python runs.
const PROGRAM: &str = include_str!("serve.py");

/// Where tests are served from, and another site.
const HOST: &str = "web-platform.localhost";
const OTHER_HOST: &str = "not-web-platform.localhost";

/// The kinds of ports that tests talk to.
const PORTS: [&str; 4] = ["http", "https", "ws", "wss"];

/// How many of the last lines that the servers have logged are told when they fail.
const LAST_LINES: usize = 20;

/// How long one of them may take to answer.
const GREETING_LIMIT: Duration = Duration::from_secs(10);

/// How long the servers may take to start.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long they may take to stop before they are killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How often it is looked whether they have.
const POLL: Duration = Duration::from_millis(20);

/// Running servers. Dropping them stops them; so does the end of this process, however it comes.
#[derive(Debug)]
pub(super) struct WptServers {
    root: PathBuf,
    config: Value,
    ca_pem: String,
    _process: Process,
    _folder: ScratchFolder,
}

/// The Python process. It ends when its stdin is closed.
#[derive(Debug)]
struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let start = Instant::now();
        while start.elapsed() < STOP_LIMIT {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(POLL),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        // Nothing is left to try.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl WptServers {
    /// Starts the servers of the checkout at `root`. Clients can connect as soon as it returns.
    ///
    /// # Errors
    ///
    /// What is missing, or what the servers say.
    pub(super) fn start(root: &Path, python: &Path, verbose: bool) -> io::Result<Self> {
        let root = root
            .canonicalize()
            .map_err(|error| no_checkout(root, &error))?;
        for needed in [
            "resources/testharness.js",
            "tools/serve/serve.py",
            "tools/wptserve",
        ] {
            if !root.join(needed).exists() {
                let message = format!("it has no {needed}");
                return Err(no_checkout(
                    &root,
                    &io::Error::new(io::ErrorKind::NotFound, message),
                ));
            }
        }
        let folder = ScratchFolder::make("boaws-wpt")?;
        let certificate = Certificate::for_hosts(&[HOST, OTHER_HOST])?;
        let config = folder.path().join("config.json");
        let key = folder.write("key.pem", &certificate.key_pem)?;
        let chain = folder.write("certificate.pem", &certificate.certificate_pem)?;
        folder.write("config.json", &server_config(&key, &chain).to_string())?;
        let mut process = spawn(&root, python, &config)?;
        let config = started(&mut process, &certificate.ca_pem, verbose)?;
        Ok(Self {
            root,
            config,
            ca_pem: certificate.ca_pem,
            _process: process,
            _folder: folder,
        })
    }

    /// The checkout.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// What templates are filled with: `browser_host`, `all_domains`, `ports`.
    pub(super) fn config(&self) -> &Value {
        &self.config
    }

    /// The certificate of the authority to trust.
    pub(super) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Where the servers have the page of a test.
    pub(super) fn location(&self, test: &TestFile) -> String {
        let secure = test.file_id().contains(".https.") || test.variant.contains("wpt_flags=https");
        let scheme = if secure { "https" } else { "http" };
        let port = self.config["ports"][scheme][0].as_u64().unwrap_or_default();
        let id = test.id.as_str();
        format!("{scheme}://{HOST}:{port}/{id}")
    }
}

fn no_checkout(root: &Path, error: &io::Error) -> io::Error {
    let message = format!(
        "{} is no checkout of web-platform-tests: {error}",
        root.display()
    );
    io::Error::new(error.kind(), message)
}

fn server_config(key: &Path, certificate: &Path) -> Value {
    json!({
        "browser_host": HOST,
        "alternate_hosts": { "alt": OTHER_HOST },
        "server_host": Ipv4Addr::LOCALHOST.to_string(),
        "bind_address": true,
        // Python would ask the system's resolver for them, which need not know them.
        "check_subdomains": false,
        "ports": {
            "http": ["auto", "auto"],
            "https": ["auto", "auto"],
            "ws": ["auto"],
            "wss": ["auto"],
            // Nobody asks for it, but templates name its port.
            "h2": ["auto"],
        },
        "log_level": "info",
        "ssl": {
            "type": "pregenerated",
            "encrypt_after_connect": false,
            "pregenerated": { "host_key_path": key, "host_cert_path": certificate },
        },
    })
}

fn spawn(root: &Path, python: &Path, config: &Path) -> io::Result<Process> {
    let mut child = Command::new(python)
        // Its output is read line by line; the tree is left as it is.
        .args(["-u", "-B", "-c", PROGRAM])
        .args([root, config])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            let message = format!(
                "cannot start {}, which runs the servers of web-platform-tests: {error}",
                python.display()
            );
            io::Error::new(error.kind(), message)
        })?;
    let stdin = child.stdin.take();
    Ok(Process { child, stdin })
}

/// Waits until the servers accept connections. Returns their configuration.
fn started(process: &mut Process, ca_pem: &str, verbose: bool) -> io::Result<Value> {
    let (sender, lines) = mpsc::channel();
    let log = follow(process.child.stderr.take(), verbose)?;
    let stdout = process.child.stdout.take();
    thread::Builder::new()
        .name("boaws-wpt-out".to_owned())
        .spawn(move || {
            for line in stdout
                .into_iter()
                .flat_map(|out| BufReader::new(out).lines())
            {
                // After the first one nobody listens, and the pipe must not fill up.
                let _ = line.map(|line| sender.send(line));
            }
        })?;
    let failed = |what: &str| {
        // What was said last says why.
        let said = log.last_lines();
        io::Error::other(format!("the servers of web-platform-tests {what}: {said}"))
    };
    let line = match lines.recv_timeout(START_LIMIT) {
        Ok(line) => line,
        Err(why) => {
            // Its last words may still be on their way.
            thread::sleep(POLL);
            return Err(failed(match why {
                // It has closed its end, though the system may not have noticed that it is gone.
                RecvTimeoutError::Disconnected => "have not started",
                RecvTimeoutError::Timeout => "are silent",
            }));
        }
    };
    let config: Value =
        serde_json::from_str(&line).map_err(|error| failed(&format!("say {line:?} ({error})")))?;
    wait_for_ports(&config, ca_pem, process, failed)?;
    Ok(config)
}

/// The last lines of a log.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line);
        if lines.len() > LAST_LINES {
            lines.pop_front();
        }
    }

    fn last_lines(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect::<Vec<_>>().join("\n")
    }
}

/// Reads a log to its end, on a thread.
fn follow(pipe: Option<impl Read + Send + 'static>, verbose: bool) -> io::Result<Log> {
    let log = Log::default();
    let kept = log.clone();
    thread::Builder::new()
        .name("boaws-wpt-log".to_owned())
        .spawn(move || {
            let lines = pipe
                .into_iter()
                .flat_map(|pipe| BufReader::new(pipe).lines());
            for line in lines.map_while(Result::ok) {
                if verbose {
                    print_error(format_args!("wpt: {line}"));
                }
                kept.add(line);
            }
        })?;
    Ok(log)
}

/// Waits until each port takes connections, and has those for TLS show that they are the servers' own.
fn wait_for_ports(
    config: &Value,
    ca_pem: &str,
    process: &mut Process,
    failed: impl Fn(&str) -> io::Error,
) -> io::Result<()> {
    let mut trust = TlsOptions::default();
    trust.trust_only_added();
    trust.add_pem(ca_pem.as_bytes()).map_err(io::Error::other)?;
    let trust = trust.client_config().map_err(io::Error::other)?;
    let start = Instant::now();
    // The servers know of more kinds of ports than they listen on.
    let ports = PORTS.iter().flat_map(|scheme| {
        let ports = config["ports"][scheme].as_array().into_iter().flatten();
        ports.map(move |port| (*scheme, port))
    });
    for (scheme, port) in ports {
        let Some(port) = port.as_u64().and_then(|port| u16::try_from(port).ok()) else {
            return Err(failed(&format!("call {port} a port")));
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = loop {
            match TcpStream::connect_timeout(&address, GREETING_LIMIT) {
                Ok(stream) => break stream,
                Err(error) => {
                    if start.elapsed() > START_LIMIT || process.child.try_wait()?.is_some() {
                        let what = format!("do not accept connections on port {port} ({error})");
                        return Err(failed(&what));
                    }
                }
            }
            thread::sleep(POLL);
        };
        // They have looked for a port that is free and taken it later: whatever took it before them is not to be tested.
        if ["https", "wss"].contains(&scheme) {
            greet(stream, &trust).map_err(|error| {
                failed(&format!(
                    "are not what listens on port {port} ({scheme}): {error}"
                ))
            })?;
        }
    }
    Ok(())
}

/// A handshake of TLS, and its end in good order.
fn greet(mut stream: TcpStream, trust: &Arc<ClientConfig>) -> io::Result<()> {
    stream.set_read_timeout(Some(GREETING_LIMIT))?;
    stream.set_write_timeout(Some(GREETING_LIMIT))?;
    let host = ServerName::try_from(HOST).map_err(io::Error::other)?;
    let mut tls = ClientConnection::new(Arc::clone(trust), host).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut stream)?;
    }
    tls.send_close_notify();
    while tls.wants_write() {
        tls.write_tls(&mut stream)?;
    }
    Ok(())
}
