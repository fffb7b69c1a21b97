//! Proxies that work: HTTP CONNECT and SOCKS5 on the loopback interface, which note what they are asked for.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A running proxy. All hosts are this machine to it: it connects to 127.0.0.1 at the port asked for.
pub(crate) struct ProxyServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// How a client begins, and the answer to it: where the tunnel leads, or nothing if there is none.
type Greet = fn(&mut TcpStream, &Settings) -> io::Result<Option<TcpStream>>;

struct Settings {
    /// User name and password, without which there is no tunnel.
    credentials: Option<(&'static str, &'static str)>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Settings {
    fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        self.asked.lock().unwrap().push(format!("{host}:{port}"));
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
    }
}

impl ProxyServer {
    pub(crate) fn http(credentials: Option<(&'static str, &'static str)>) -> Self {
        Self::start(credentials, greet_http)
    }

    pub(crate) fn socks5(credentials: Option<(&'static str, &'static str)>) -> Self {
        Self::start(credentials, greet_socks5)
    }

    fn start(credentials: Option<(&'static str, &'static str)>, greet: Greet) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let settings = Arc::new(Settings {
            credentials,
            asked: asked.clone(),
        });
        thread::spawn(move || {
            for client in listener.incoming() {
                let (mut client, settings) = (client.unwrap(), settings.clone());
                thread::spawn(move || {
                    client.set_nodelay(true).unwrap();
                    if let Ok(Some(server)) = greet(&mut client, &settings) {
                        splice(client, server);
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// The hosts and ports of the tunnels asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Passes bytes on in both directions, and the end of each.
fn splice(client: TcpStream, server: TcpStream) {
    server.set_nodelay(true).unwrap();
    let pass = |mut from: TcpStream, mut to: TcpStream| {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || pass(from, to));
    pass(server, client);
}

fn greet_http(client: &mut TcpStream, settings: &Settings) -> io::Result<Option<TcpStream>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let request: Vec<_> = lines.next().unwrap().split(' ').collect();
    let headers: HashMap<_, _> = lines.map(|line| line.split_once(": ").unwrap()).collect();
    let ["CONNECT", authority, "HTTP/1.1"] = request[..] else {
        client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")?;
        return Ok(None);
    };
    assert_eq!(headers["Host"], authority);
    if let Some((user, password)) = settings.credentials {
        // base64 is not this file's subject.
        let expected = match (user, password) {
            ("user", "pass@word") => "Basic dXNlcjpwYXNzQHdvcmQ=",
            other => panic!("not known here: {other:?}"),
        };
        if headers.get("Proxy-Authorization") != Some(&expected) {
            client.write_all(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n\
                  Proxy-Authenticate: Basic realm=\"tests\"\r\nContent-Length: 4\r\n\r\nno!\n",
            )?;
            return Ok(None);
        }
    } else {
        assert!(!headers.contains_key("Proxy-Authorization"));
    }
    let (host, port) = authority.rsplit_once(':').unwrap();
    match settings.connect(host, port.parse().unwrap()) {
        Ok(server) => {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            Ok(Some(server))
        }
        Err(_) => {
            client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")?;
            Ok(None)
        }
    }
}

fn greet_socks5(client: &mut TcpStream, settings: &Settings) -> io::Result<Option<TcpStream>> {
    assert_eq!(read::<1>(client)?, [5]);
    let methods = read_counted(client)?;
    match settings.credentials {
        None => {
            assert!(methods.contains(&0));
            client.write_all(&[5, 0])?;
        }
        Some(_) if !methods.contains(&2) => {
            client.write_all(&[5, 0xff])?;
            return Ok(None);
        }
        Some((user, password)) => {
            client.write_all(&[5, 2])?;
            assert_eq!(read::<1>(client)?, [1]);
            let (name, word) = (read_counted(client)?, read_counted(client)?);
            if (&name[..], &word[..]) != (user.as_bytes(), password.as_bytes()) {
                client.write_all(&[1, 1])?;
                return Ok(None);
            }
            client.write_all(&[1, 0])?;
        }
    }
    let [version, command, reserved, kind] = read(client)?;
    assert_eq!((version, command, reserved), (5, 1, 0));
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(client)?).to_string(),
        3 => String::from_utf8(read_counted(client)?).unwrap(),
        4 => format!("[{}]", Ipv6Addr::from(read::<16>(client)?)),
        other => panic!("no kind of address: {other}"),
    };
    let port = u16::from_be_bytes(read(client)?);
    match settings.connect(&host, port) {
        Ok(server) => {
            client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80])?;
            Ok(Some(server))
        }
        Err(_) => {
            client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0])?;
            Ok(None)
        }
    }
}

fn read<const LENGTH: usize>(client: &mut TcpStream) -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads a length of one byte, and that many bytes.
fn read_counted(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(read::<1>(client)?[0])];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}
