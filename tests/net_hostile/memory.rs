//! What all this takes in memory, as the operating system counts it: each client is a process of
//! its own.

use std::{
    env, fs,
    io::{Read, Write},
    process::{Command, Stdio},
    thread,
    time::Duration,
};
#[cfg(feature = "cli")]
use std::{
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};

use flate2::{Compress, Compression};

#[cfg(feature = "cli")]
use crate::harness::read_client_frame;
use crate::{
    harness::{Client, Event},
    wire::{asked, deflate, frame, long_header, opening, response, write_for_ever},
};

const MIB: u64 = 1 << 20;

/// What a client needs besides what a test is about: code, stacks, buffers, what the allocator
/// keeps. Nearly 5 MiB of it are there with the first connection.
const SLACK: u64 = 8 * MIB;

/// Set in the environment of a client's process: the URL it is to connect to.
const URL: &str = "BOA_WEBSOCKET_HOSTILE_URL";

/// A line of `/proc/PID/status` in bytes.
fn status(process: &str, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib = line.trim_start_matches(':').trim().strip_suffix(" kB")?;
    Some(kib.parse::<u64>().ok()? * 1024)
}

/// Runs `client` with the URL of each of `servers`, each time in a process of its own. Expects
/// these to grow by so many bytes at most, and not by less than `least`.
#[track_caller]
fn growth(test: &str, servers: fn() -> Vec<String>, client: fn(&str), least: u64, most: u64) {
    if let Ok(url) = env::var(URL) {
        let before = status("self", "VmRSS").unwrap();
        client(&url);
        let peak = status("self", "VmHWM").unwrap();
        println!("grew by {} bytes", peak - before);
        return;
    }
    for (number, url) in servers().into_iter().enumerate() {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(URL, url)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}{errors}");
        let grew = text.split("grew by ").nth(1).expect("a report");
        let grew = grew.split(' ').next().unwrap().parse().unwrap();
        between(&format!("server {number}"), grew, least, most);
    }
}

#[track_caller]
fn between(what: &str, grew: u64, least: u64, most: u64) {
    assert!(
        (least..=most).contains(&grew),
        "{what}: {} KiB are not between {} and {} KiB",
        grew >> 10,
        least >> 10,
        most >> 10
    );
}

/// 1 GiB of the same byte as one compressed message, which takes about 1 MiB: its frames.
fn bomb(first: u8, byte: u8) -> Vec<u8> {
    let mut stream = Compress::new(Compression::best(), false);
    let plain = vec![byte; 1 << 20];
    let mut block = || {
        let mut block = deflate(&mut stream, &plain);
        block.extend([0, 0, 0xff, 0xff]);
        block
    };
    let mut bytes = frame(first & 0x7f, &block());
    // From the second one on they are the same: what is before them is.
    bytes.extend(frame(0, &block()).repeat(1022));
    let last = block();
    bytes.extend(frame(0x80, &last[..last.len() - 4]));
    bytes
}

/// A server that writes these bytes and waits for the end.
fn saying(deflate: bool, bytes: Vec<u8>) -> String {
    opening(deflate, move |mut tcp| {
        // The client may cut it off.
        let _ = tcp.write_all(&bytes);
        let _ = tcp.read_to_end(&mut Vec::new());
    })
}

const LIMIT: usize = 16 << 20;

fn bombs() -> Vec<String> {
    vec![saying(true, bomb(0xc1, b' ')), saying(true, bomb(0xc2, 0))]
}

fn set_off(url: &str) {
    let mut client = Client::with(|options| options.limits.message_size = LIMIT);
    client.open(url);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    let error = closed.why().to_string();
    assert!(
        error.contains(&format!("limit of {LIMIT} bytes")),
        "{error}"
    );
}

#[test]
fn an_inflation_bomb_takes_the_limit_and_no_more() {
    let most = LIMIT as u64 + SLACK;
    let test = "memory::an_inflation_bomb_takes_the_limit_and_no_more";
    growth(test, bombs, set_off, LIMIT as u64 / 2, most);
}

/// What the allocator keeps of one serves the next.
#[test]
fn bomb_after_bomb_takes_no_more_and_more() {
    let most = 2 * LIMIT as u64 + SLACK;
    let test = "memory::bomb_after_bomb_takes_no_more_and_more";
    let client = |url: &str| (0..10).for_each(|_| set_off(url));
    growth(test, bombs, client, LIMIT as u64 / 2, most);
}

/// Opens, and takes nothing for a while, then a little.
fn neglect(url: &str) {
    let mut client = Client::with(|options| {
        options.limits.receive_queue = QUEUE;
        options.timeouts.shutdown = Duration::ZERO;
    });
    client.open(url);
    // The server is held back long before that.
    thread::sleep(Duration::from_millis(500));
    // What is taken lets more come: the same bound holds.
    for _ in 0..64 {
        assert!(matches!(client.next().1, Event::Binary(_) | Event::Text(_)));
    }
    thread::sleep(Duration::from_millis(100));
}

const QUEUE: usize = 4 << 20;

#[test]
fn messages_that_nobody_takes_stop_the_server() {
    let servers = || {
        let messages = [(0x82, vec![1; 64 << 10]), (0x81, vec![b'x'; 1000])];
        messages
            .map(|(first, payload)| {
                opening(false, move |mut tcp| {
                    write_for_ever(&mut tcp, &frame(first, &payload));
                })
            })
            .into()
    };
    let test = "memory::messages_that_nobody_takes_stop_the_server";
    let most = QUEUE as u64 + SLACK;
    growth(test, servers, neglect, QUEUE as u64, most);
}

/// Two bytes on the line, and much more to us: a read of 128 KiB brings 65,536 of them.
#[test]
fn empty_messages_that_nobody_takes() {
    let servers = || {
        let messages = [0x81, 0x82].map(|first| {
            opening(false, move |mut tcp| {
                write_for_ever(&mut tcp, &[first, 0]);
            })
        });
        messages.into()
    };
    let test = "memory::empty_messages_that_nobody_takes";
    let read = 8 * MIB;
    let most = QUEUE as u64 + read + SLACK;
    growth(test, servers, neglect, QUEUE as u64, most);
}

#[test]
fn compressed_messages_that_nobody_takes() {
    let servers = || {
        let mut stream = Compress::new(Compression::best(), false);
        let first = frame(0xc2, &deflate(&mut stream, &vec![0; 1 << 20]));
        let next = frame(0xc2, &deflate(&mut stream, &vec![0; 1 << 20]));
        let url = opening(true, move |mut tcp| {
            if tcp.write_all(&first).is_ok() {
                write_for_ever(&mut tcp, &next);
            }
        });
        vec![url]
    };
    let test = "memory::compressed_messages_that_nobody_takes";
    // 16 KiB of one read inflate to a thousand times as much; of what was taken before the
    // allocator may keep that much again.
    let most = QUEUE as u64 + 2 * 17 * MIB + SLACK;
    growth(test, servers, neglect, QUEUE as u64, most);
}

/// Whatever does not become a message takes nothing, however long it goes on.
#[test]
fn what_is_no_message_takes_nothing() {
    let servers = || {
        let ping = frame(0x89, &[b'?'; 125]);
        // It does not read the pongs.
        let pings = opening(false, move |mut tcp| {
            let _ = tcp.write_all(&ping.repeat(200_000));
            let _ = tcp.write_all(b"\x83\x00");
            let _ = tcp.read_to_end(&mut Vec::with_capacity(0));
        });
        let head = asked(|mut tcp, accept| {
            let head = response(accept, false);
            let _ = tcp.write_all(&head[..head.len() - 2]);
            write_for_ever(&mut tcp, b"x");
        });
        let fragments = opening(false, |mut tcp| {
            let _ = tcp.write_all(b"\x02\x00");
            write_for_ever(&mut tcp, b"\x00\x00");
        });
        vec![pings, head, fragments]
    };
    let client = |url: &str| {
        let mut client = Client::with(|options| {
            options.timeouts.linger = Duration::from_millis(20);
        });
        client.connect(url);
        let closed = loop {
            match client.next().1 {
                Event::Opened { .. } => {}
                Event::Closed(closed) => break closed,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(closed.shown(), (1006, "", false));
    };
    let test = "memory::what_is_no_message_takes_nothing";
    growth(test, servers, client, 1, SLACK);
}

/// 60 MiB are announced, and a little of it comes.
#[test]
fn what_is_announced_takes_nothing() {
    let servers = || {
        let plain = [0x81, 0x82, 0x01, 0x02].map(|first| {
            let header = long_header(first, 60 << 20);
            saying(false, [&header[..], &[b'x'; 300_000]].concat())
        });
        let compressed = [0xc1, 0xc2].map(|first| {
            let header = long_header(first, 60 << 20);
            let block = b"\x00\x05\x00\xfa\xffxxxxx".repeat(1000);
            saying(true, [&header[..], &block].concat())
        });
        plain.into_iter().chain(compressed).collect()
    };
    let client = |url: &str| {
        let mut client = Client::with(|options| options.timeouts.shutdown = Duration::ZERO);
        client.open(url);
        thread::sleep(Duration::from_millis(100));
        assert!(client.poll().is_none(), "nothing has come of it");
    };
    let test = "memory::what_is_announced_takes_nothing";
    growth(test, servers, client, 1, SLACK);
}

/// Runs a script with the host binary, and gives back by how much it grew at most after it had
/// connected, and what it printed.
#[cfg(feature = "cli")]
fn script_growth(script: &str) -> (u64, String) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("script.js"), script).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_boaws"))
        .args(["run", "script.js"])
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let process = child.id().to_string();
    let mut stdout = child.stdout.take().unwrap();
    let (begun, at_start) = mpsc::channel();
    let reading = thread::spawn(move || {
        // The first line says that it is about to connect.
        let mut line = Vec::new();
        let mut byte = [0];
        while stdout.read(&mut byte).unwrap() > 0 && byte != *b"\n" {
            line.extend(byte);
        }
        begun.send(()).unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        rest
    });
    at_start.recv().unwrap();
    let before = status(&process, "VmRSS").unwrap();
    let mut peak = before;
    // A peak stays; the script stays for a while after its last event.
    while let Some(now) = status(&process, "VmHWM") {
        peak = now;
        thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    (peak - before, reading.join().unwrap())
}

#[cfg(feature = "cli")]
#[test]
fn a_bomb_thrown_at_a_script() {
    let url = saying(true, bomb(0xc1, b' '));
    let (grew, output) = script_growth(&format!(
        "console.log('ready');
        setTimeout(() => {{
            const socket = new WebSocket('{url}');
            socket.onmessage = () => console.log('message');
            socket.onerror = () => console.log('error');
            socket.onclose = ({{ code, reason, wasClean }}) => {{
                console.log('close', code, `'${{reason}}'`, wasClean);
                setTimeout(() => {{}}, 100);
            }};
        }}, 100);"
    ));
    assert_eq!(output, "error\nclose 1006 '' false\n");
    // The default limit of a message.
    between("boaws", grew, 32 * MIB, 64 * MIB + SLACK);
}

/// A script that takes its time makes the server stop.
#[cfg(feature = "cli")]
#[test]
fn a_script_that_reads_slowly() {
    const MESSAGE: usize = 64 << 10;
    const MESSAGES: usize = 200;
    let (report, reports) = mpsc::channel();
    let url = opening(false, move |mut tcp| {
        let taken = Arc::new(AtomicU64::new(0));
        let (count, report) = (taken.clone(), report.clone());
        let mut reader = tcp.try_clone().unwrap();
        thread::spawn(move || {
            let (first, _) = read_client_frame(&mut reader).unwrap();
            report.send((first, count.load(Ordering::SeqCst))).unwrap();
            reader.shutdown(Shutdown::Both).unwrap();
        });
        let message = frame(0x82, &[7; MESSAGE]);
        while tcp.write_all(&message).is_ok() {
            taken.fetch_add(MESSAGE as u64, Ordering::SeqCst);
        }
    });
    let (grew, output) = script_growth(&format!(
        "console.log('ready');
        setTimeout(() => {{
            const socket = new WebSocket('{url}');
            socket.binaryType = 'arraybuffer';
            let messages = 0;
            socket.onmessage = ({{ data }}) => {{
                messages += 1;
                const end = Date.now() + 5;
                while (Date.now() < end);
                if (messages === {MESSAGES}) {{
                    console.log('enough');
                    socket.close();
                }}
            }};
            socket.onclose = ({{ code }}) => {{
                console.log(messages, code);
                setTimeout(() => {{}}, 100);
            }};
        }}, 100);"
    ));
    assert_eq!(output, format!("enough\n{MESSAGES} 1006\n"));
    // The receive queue's limit, and what the collector lets gather.
    between("boaws", grew, 8 * MIB, 16 * MIB + 16 * MIB + SLACK);
    let (first, taken) = reports.recv().unwrap();
    assert_eq!(first, 0x88);
    // What script has seen, what waited for it, and what the system keeps of a line.
    let seen = (MESSAGES * MESSAGE) as u64;
    between("the server", taken, seen, seen + 16 * MIB + 16 * MIB);
}
