//! A script with a socket, from its start to its end. It prints:
//!
//! ```text
//! open
//! message: hello
//! close: 1000 enough
//! ```

use std::{
    net::{SocketAddr, TcpListener},
    rc::Rc,
    thread,
};

use boa_engine::{Context, JsArgs, JsResult, JsValue, NativeFunction, Source, js_string};
use boa_websocket::{EventLoop, Hooks, WebSocketExtension};

const SCRIPT: &str = "
    const ws = new WebSocket('/chat');
    ws.onopen = () => { print('open'); ws.send('hello') };
    ws.onmessage = (event) => { print('message: ' + event.data); ws.close(1000, 'enough') };
    ws.onclose = (event) => print('close: ' + event.code + ' ' + event.reason);
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = echo_server()?;
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        // For unhandled rejections.
        .host_hooks(Rc::new(Hooks))
        .build()?;
    WebSocketExtension::builder()
        .base_url(format!("http://{server}/"))
        .build()?
        .register(None, &mut context)?;
    context.register_global_callable(js_string!("print"), 1, NativeFunction::from_fn_ptr(print))?;
    context.eval(Source::from_bytes(SCRIPT))?;
    // Until nothing can happen any more: here, until the socket is closed.
    event_loop.run(&mut context)?;
    Ok(())
}

/// `print(text)`
fn print(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    println!(
        "{}",
        args.get_or_undefined(0)
            .to_string(context)?
            .to_std_string_lossy()
    );
    Ok(JsValue::undefined())
}

/// Sends back what its one client sends.
fn echo_server() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> Option<()> {
        let mut socket = tungstenite::accept(listener.accept().ok()?.0).ok()?;
        loop {
            let message = socket.read().ok()?;
            if message.is_text() {
                socket.send(message).ok()?;
            }
        }
    });
    Ok(address)
}
