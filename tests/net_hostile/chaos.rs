//! Many sockets at once, each with a server that does something else, and a script that does what
//! it likes: every socket has one beginning, one end, and nothing behind it.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{Command, SocketId};

use crate::{
    harness::{Client, Event, PATIENCE, read_client_frame},
    wire::{asked, close, deflated, frame, reset, response, write_for_ever},
};

/// Numbers that are the same in every run.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % limit
    }
}

/// What servers do behind the response head; they end with it.
const DEEDS: [fn(&mut TcpStream, u32); 12] = [
    |tcp, n| {
        let _ = tcp.write_all(&close(3000 + n as u16, b"done"));
        let _ = tcp.read_to_end(&mut Vec::new());
    },
    |tcp, _| {
        let _ = tcp.write_all(&[frame(0x81, b"a"), close(1000, b"")].concat());
    },
    |tcp, _| {
        // It echoes, Close frames too.
        while let Ok((first, payload)) = read_client_frame(tcp) {
            if tcp.write_all(&frame(first, &payload)).is_err() || first == 0x88 {
                break;
            }
        }
    },
    |tcp, n| {
        write_for_ever(tcp, &frame(0x82, &vec![0; n as usize * 10]));
    },
    |tcp, _| {
        write_for_ever(tcp, &frame(0xc2, &deflated(&[0; 100_000])));
    },
    |tcp, _| {
        write_for_ever(tcp, &frame(0x89, b"?"));
    },
    |tcp, _| {
        let _ = tcp.write_all(b"\x01\x00");
        write_for_ever(tcp, b"\x00\x00");
    },
    |tcp, n| {
        for byte in frame(0x81, &[b'x'; 125]).iter().cycle().take(n as usize) {
            if tcp.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    },
    |tcp, n| {
        let _ = tcp.write_all(&[n as u8; 300]);
        let _ = tcp.read_to_end(&mut Vec::new());
    },
    |tcp, n| {
        let _ = tcp.write_all(&frame(0x81, b"a")[..n as usize % 4]);
        let _ = tcp.shutdown(Shutdown::Write);
        let _ = tcp.read_to_end(&mut Vec::new());
    },
    // It opens, and is not heard of any more.
    |_, _| thread::sleep(Duration::from_secs(2)),
    |tcp, n| {
        let _ = tcp.read_exact(&mut vec![0; n as usize]);
    },
];

fn server(numbers: &mut Numbers) -> String {
    let (deed, n, start) = (
        numbers.below(DEEDS.len() as u32) as usize,
        numbers.below(500),
        numbers.below(20),
    );
    let with_reset = numbers.below(3) == 0;
    asked(move |mut tcp, accept| {
        let head = response(accept, n.is_multiple_of(2));
        match start {
            0 => return reset(tcp),
            1 => thread::sleep(Duration::from_millis(500)),
            2 => {
                let _ = tcp.write_all(&head[..n as usize % head.len()]);
            }
            _ => {
                let _ = tcp.write_all(&head);
                DEEDS[deed](&mut tcp, n);
            }
        }
        if with_reset {
            reset(tcp);
        }
    })
}

/// What was seen of a socket.
#[derive(Debug, Default)]
struct Course {
    opened: bool,
    closing: bool,
    aborted: bool,
    ended: bool,
}

impl Course {
    fn take(&mut self, event: &Event) {
        assert!(!self.ended, "{event:?} behind the end");
        match event {
            Event::Opened { .. } => {
                assert!(!self.opened, "twice");
                self.opened = true;
            }
            Event::Text(_) | Event::Binary(_) => {
                assert!(self.opened && !self.closing, "{self:?}");
            }
            Event::ClosingHandshakeStarted => {
                assert!(self.opened && !self.closing, "{self:?}");
                self.closing = true;
            }
            Event::Closed(closed) => {
                assert_eq!(closed.was_clean, closed.error.is_none());
                assert_eq!(self.closing, closed.code != 1006, "{closed:?}");
                assert!(self.closing || (closed.reason.is_empty() && !closed.was_clean));
                self.ended = true;
            }
        }
    }
}

fn act(client: &mut Client, id: SocketId, numbers: &mut Numbers, course: &mut Course) {
    for _ in 0..numbers.below(4) {
        let size = [0, 10, 1000, 300_000][numbers.below(4) as usize];
        match numbers.below(2) {
            0 => client.send_text(id, &"y".repeat(size)),
            _ => client.send_binary(id, vec![1; size]),
        }
    }
    match numbers.below(8) {
        0 => client.close(id, None, ""),
        1 => client.close(id, Some(4000), "enough"),
        2 => client.network.discard(id),
        3 => {
            client.network.command(Command::Abort { id });
            course.aborted = true;
        }
        _ => {}
    }
    client.network.flush();
}

fn run(seed: u32, serial: bool) {
    const SOCKETS: usize = 100;
    let mut numbers = Numbers(seed);
    let mut client = Client::with(|options| {
        options.serial_handshakes = serial;
        options.limits.message_size = 200_000;
        options.limits.receive_queue = 100_000;
        options.timeouts.handshake = Duration::from_millis(150);
        options.timeouts.close = Duration::from_millis(150);
        options.timeouts.linger = Duration::from_millis(50);
    });
    let mut courses: HashMap<SocketId, Course> = (0..SOCKETS)
        .map(|_| (client.connect(&server(&mut numbers)), Course::default()))
        .collect();
    let started = Instant::now();
    let mut tired = false;
    while courses
        .values()
        .any(|course| !course.ended && !course.aborted)
    {
        assert!(started.elapsed() < PATIENCE, "seed {seed}: {courses:?}");
        if !tired && started.elapsed() > Duration::from_millis(500) {
            // Those that nobody has ended by now, and those that are not open yet.
            tired = true;
            for (id, course) in &courses {
                if !course.ended {
                    client.close(*id, Some(1000), "");
                }
            }
        }
        let Some((id, event)) = client.poll() else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let course = courses.get_mut(&id).expect("one of them");
        if course.aborted {
            // What had been queued before.
            continue;
        }
        course.take(&event);
        if matches!(event, Event::Opened { .. }) || numbers.below(200) == 0 {
            act(&mut client, id, &mut numbers, course);
        }
    }
    assert_eq!(client.network.sockets(), 0, "seed {seed}");
}

#[test]
fn one_handshake_at_a_time() {
    run(1, true);
}

#[test]
fn all_at_once() {
    (2..4).for_each(|seed| run(seed, false));
}
