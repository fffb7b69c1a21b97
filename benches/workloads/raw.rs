//! The same work with tungstenite alone: what a client in Rust takes that does nothing else.

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use tungstenite::{Message, WebSocket, client, protocol::WebSocketConfig};

use crate::Failure;

type Socket = WebSocket<TcpStream>;

pub(crate) fn run(
    script: &str,
    server: &str,
    count: &str,
    size: &str,
    binary: &str,
) -> Result<(), Failure> {
    let (count, size): (u64, usize) = (count.parse()?, size.parse()?);
    let binary = binary == "true";
    let message = || match binary {
        true => Message::binary(vec![120; size]),
        false => Message::text("x".repeat(size)),
    };
    let value = match script {
        "start" => {
            let mut socket = connect(server, "/echo")?;
            socket.send(Message::text("x"))?;
            socket.read()?;
            close(socket)?;
            1.0
        }
        "receive" => {
            let path = format!(
                "/flood?count={count}&size={size}&binary={}&stay=1",
                u8::from(binary)
            );
            let mut socket = connect(server, &path)?;
            let mut bytes = socket.read()?.len();
            let start = Instant::now();
            for _ in 1..count {
                bytes += socket.read()?.len();
            }
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(bytes as u64, count * size as u64);
            (count - 1) as f64 / seconds
        }
        "send" => {
            let mut socket = connect(server, "/sink")?;
            let message = message();
            let start = Instant::now();
            for _ in 0..count {
                socket.write(message.clone())?;
            }
            socket.send(Message::text("count"))?;
            socket.read()?;
            count as f64 / start.elapsed().as_secs_f64()
        }
        "echo" => {
            let mut socket = connect(server, "/echo")?;
            let message = message();
            let start = Instant::now();
            for _ in 0..count {
                socket.send(message.clone())?;
                socket.read()?;
            }
            let seconds = start.elapsed().as_secs_f64();
            let unit = if size < 1 << 20 {
                1.0
            } else {
                size as f64 / f64::from(1 << 20)
            };
            count as f64 * unit / seconds
        }
        "connects" => connects(server, count)?,
        "cycles" => {
            let start = Instant::now();
            for _ in 0..count {
                let mut socket = connect(server, "/echo")?;
                socket.send(Message::text("x"))?;
                socket.read()?;
                close(socket)?;
            }
            count as f64 / start.elapsed().as_secs_f64()
        }
        _ => return Err(format!("no workload {script:?}").into()),
    };
    println!("RESULT {}", serde_json::json!({ "value": value }));
    Ok(())
}

fn connects(server: &str, count: u64) -> Result<f64, Failure> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let pause = |name: &str| {
        println!("PAUSE {name}");
        thread::sleep(Duration::from_millis(1_500));
    };
    pause("before");
    let start = Instant::now();
    let mut sockets = (0..count)
        .map(|_| connect(server, "/echo"))
        .collect::<Result<Vec<_>, _>>()?;
    let per_second = count as f64 / start.elapsed().as_secs_f64();
    pause("idle");
    for socket in &mut sockets {
        socket.send(Message::text("x".repeat(64)))?;
    }
    for socket in &mut sockets {
        socket.read()?;
    }
    pause("echoed");
    Ok(per_second)
}

fn connect(server: &str, path: &str) -> Result<Socket, Failure> {
    let address = server.trim_start_matches("ws://");
    let tcp = TcpStream::connect(address)?;
    tcp.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let (socket, _) = client::client_with_config(format!("{server}{path}"), tcp, Some(config))?;
    Ok(socket)
}

fn close(mut socket: Socket) -> Result<(), Failure> {
    socket.close(None)?;
    while socket.read().is_ok() {}
    Ok(())
}
