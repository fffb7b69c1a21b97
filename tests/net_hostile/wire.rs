//! Bytes as a server writes them, right or wrong, and what it reads of the client after that.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
};

use flate2::{Compress, Compression, FlushCompress};

use crate::harness::{accept_value, read_client_frame, read_head, serve};

type Connection = Arc<dyn Fn(TcpStream, &str) + Send + Sync>;

/// What is served, by the number that is the path. One listener serves all: a file descriptor and a
/// thread for each of some thousand cases would be too much.
static PATHS: Mutex<Vec<Connection>> = Mutex::new(Vec::new());

/// A server that reads the request's head and leaves the rest to `connection`, with the accept
/// value that belongs to the key.
pub(crate) fn asked(connection: impl Fn(TcpStream, &str) + Send + Sync + 'static) -> String {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    let address = ADDRESS.get_or_init(|| {
        serve(|mut tcp| {
            tcp.set_nodelay(true).unwrap();
            let head = read_head(&mut tcp);
            let path = head.split(['/', ' ']).nth(2).unwrap();
            let paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = paths[path.parse::<usize>().unwrap()].clone();
            drop(paths);
            connection(tcp, &accept_value(&head));
        })
    });
    let mut paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
    paths.push(Arc::new(connection));
    format!("ws://{address}/{}", paths.len() - 1)
}

/// The answer that is right, with permessage-deflate where `deflate` says so.
pub(crate) fn response(accept: &str, deflate: bool) -> Vec<u8> {
    let extensions = match deflate {
        true => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        false => "",
    };
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extensions}\r\n"
    )
    .into_bytes()
}

/// A frame with the shortest length.
pub(crate) fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first_byte];
    match payload.len() {
        length @ 0..126 => frame.push(length as u8),
        length @ 126..0x1_0000 => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// A header with a length of eight bytes, whatever the length.
pub(crate) fn long_header(first_byte: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first_byte, 127];
    header.extend(length.to_be_bytes());
    header
}

/// A Close frame.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason].concat())
}

/// RFC 7692, 7.2.1.
pub(crate) fn deflate(stream: &mut Compress, message: &[u8]) -> Vec<u8> {
    if message.is_empty() {
        // 7.2.3.6. Of nothing behind a flush zlib makes nothing at all.
        return vec![0];
    }
    let mut payload = Vec::with_capacity(message.len() + message.len() / 8 + 128);
    stream
        .compress_vec(message, &mut payload, FlushCompress::Sync)
        .unwrap();
    assert!(payload.ends_with(&[0, 0, 0xff, 0xff]));
    payload.truncate(payload.len() - 4);
    payload
}

/// One message, compressed by itself.
pub(crate) fn deflated(message: &[u8]) -> Vec<u8> {
    deflate(&mut Compress::new(Compression::best(), false), message)
}

/// What a server saw of the client after it had done what it does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The code of the Close frame; 1005 for one without.
    pub(crate) close: Option<u16>,
    /// Frames behind the Close frame.
    pub(crate) behind: usize,
    /// Pongs, as many as there were.
    pub(crate) pongs: usize,
    /// Whether the line ended in order, and between two frames.
    pub(crate) in_order: bool,
}

/// Reads what the client says until the line ends.
pub(crate) fn watch(line: &mut impl Read) -> Seen {
    let mut seen = Seen {
        close: None,
        behind: 0,
        pongs: 0,
        in_order: false,
    };
    loop {
        let mut first = [0];
        match line.read(&mut first) {
            Ok(0) => {
                seen.in_order = true;
                return seen;
            }
            Ok(_) => {}
            Err(_) => return seen,
        }
        let Ok((first, body)) = read_client_frame(&mut first.chain(&mut *line)) else {
            return seen;
        };
        seen.behind += usize::from(seen.close.is_some());
        match first {
            0x88 => {
                let code = body.first_chunk().copied();
                seen.close = Some(code.map_or(1005, u16::from_be_bytes));
            }
            0x8a => seen.pongs += 1,
            _ => {}
        }
    }
}

/// How a server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// In one piece with the response head.
    Glued,
    /// Behind it, in one piece.
    Whole,
    /// The head as well, byte by byte.
    Bytes,
}

pub(crate) const PACES: [Pace; 3] = [Pace::Glued, Pace::Whole, Pace::Bytes];

/// A server that opens the WebSocket, writes `bytes`, and tells what it saw then.
pub(crate) fn writing(deflate: bool, pace: Pace, bytes: Vec<u8>) -> (String, mpsc::Receiver<Seen>) {
    let (report, seen) = mpsc::channel();
    let url = asked(move |mut tcp, accept| {
        let head = response(accept, deflate);
        let all = [&head[..], &bytes].concat();
        let pieces: Vec<&[u8]> = match pace {
            Pace::Glued => vec![&all],
            Pace::Whole => vec![&head, &bytes],
            Pace::Bytes => all.chunks(1).collect(),
        };
        for piece in pieces {
            // A client that has seen enough of it is what the test is about.
            if tcp.write_all(piece).is_err() {
                break;
            }
        }
        // Not every test asks.
        let _ = report.send(watch(&mut tcp));
    });
    (url, seen)
}

/// A server that opens the WebSocket and leaves the rest to `connection`.
pub(crate) fn opening(
    deflate: bool,
    connection: impl Fn(TcpStream) + Send + Sync + 'static,
) -> String {
    asked(move |mut tcp, accept| {
        tcp.write_all(&response(accept, deflate)).unwrap();
        connection(tcp);
    })
}

/// Writes `part` for ever, or until nobody takes it; how many bytes were taken.
pub(crate) fn write_for_ever(tcp: &mut TcpStream, part: &[u8]) -> u64 {
    let part = part.repeat((32 << 10) / part.len() + 1);
    let mut taken = 0;
    while let Ok(count) = tcp.write(&part) {
        taken += count as u64;
    }
    taken
}

/// Ends the line with a reset.
pub(crate) fn reset(tcp: TcpStream) {
    let socket = socket2::Socket::from(tcp);
    socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(socket);
}
