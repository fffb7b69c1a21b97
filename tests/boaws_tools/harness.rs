//! The binary, run to its end or until the test ends.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use tungstenite::{WebSocket, client::IntoClientRequest, handshake::client::Response};

/// Longer than anything here takes, so that a fault ends a test instead of hanging it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Variables that would change what is tested.
const VARIABLES: [&str; 16] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSLKEYLOGFILE",
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "REQUEST_METHOD",
    "LC_ALL",
    "LC_CTYPE",
    "NO_COLOR",
    "CLICOLOR_FORCE",
];

/// The binary with these arguments, and nothing of the environment that matters here.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boaws"));
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
        .env("LANG", "C.UTF-8")
        .args(args)
        .stdin(Stdio::null());
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// Runs it; its exit code, stdout and stderr.
pub(crate) fn run(args: &[&str]) -> (i32, String, String) {
    outcome(command(args).output().unwrap())
}

pub(crate) fn outcome(output: Output) -> (i32, String, String) {
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// A file of this repository's `fixtures/`.
pub(crate) fn fixture(name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("fixtures")
        .join(name)
        .to_str()
        .unwrap()
        .to_owned()
}

/// `boaws serve`, ended with the test.
pub(crate) struct Served {
    child: Child,
    pub(crate) ws: String,
    pub(crate) wss: String,
    lines: Receiver<String>,
}

impl Served {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut serve = command(&["serve"]);
        serve.args(args);
        Self::run(serve)
    }

    /// One that may have no more than so many files open.
    #[cfg(unix)]
    pub(crate) fn with_files(most: u32) -> Self {
        let serve = command(&["serve"]);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!(r#"ulimit -n {most} && exec "$0" "$@""#)])
            .arg(serve.get_program())
            .args(serve.get_args());
        Self::run(shell)
    }

    fn run(mut serve: Command) -> Self {
        let mut child = serve
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = || stdout.next().unwrap().unwrap();
        let (ws, wss) = (address(), address());
        assert!(ws.starts_with("ws://") && wss.starts_with("wss://"));
        Self {
            child,
            ws,
            wss,
            lines,
        }
    }

    /// The lines of its log up to one with this in it.
    pub(crate) fn log_until(&self, part: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let found = line.contains(part);
                    lines.push(line);
                    if found {
                        return lines;
                    }
                }
                Err(_) => panic!("no '{part}' in {lines:?}"),
            }
        }
    }

    /// What it has logged, once it is ended.
    pub(crate) fn all_lines(mut self) -> Vec<String> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.lines.iter().collect()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.ws.trim_start_matches("ws://").parse().unwrap()
    }

    /// Connects to a path, with these headers.
    pub(crate) fn connect(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(WebSocket<TcpStream>, Response), tungstenite::Error> {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("{}{path}", self.ws).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        tungstenite::client(request, stream).map_err(|error| match error {
            tungstenite::HandshakeError::Failure(error) => error,
            tungstenite::HandshakeError::Interrupted(_) => panic!("the handshake takes too long"),
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stderr: ChildStderr) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Answers each connection to a port of its own with these bytes, and ends it; returns the port.
pub(crate) fn answers_with(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut stream = stream;
                // What it asks for is not looked at, but taken, so that the end is no reset.
                let mut asked = [0; 4096];
                let _ = std::io::Read::read(&mut stream, &mut asked);
                let _ = stream.write_all(bytes);
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
        }
    });
    port
}

/// A port of this machine where nothing listens.
pub(crate) fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Writes a file into a directory, and gives back its path.
pub(crate) fn write(directory: &Path, name: &str, contents: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}
