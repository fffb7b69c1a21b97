//! Bounds: what is one too many fails alone.

use boa_engine::Source;
use boa_websocket::{WebSocket, net::ErrorKind};

use crate::{
    World,
    harness::{echo, websocket},
    logged,
};

fn last_error(world: &mut World, name: &str) -> ErrorKind {
    let value = world.context.eval(Source::from_bytes(name)).unwrap();
    let socket = WebSocket::try_from(value.as_object().unwrap()).unwrap();
    let error = socket.info(&world.context).unwrap().last_error;
    error.unwrap().kind().clone()
}

#[test]
fn the_third_of_two_sockets_fails_and_the_others_go_on() {
    let mut world = World::with(|builder| builder.limits(|limits| limits.sockets = 2));
    let url = websocket(echo);
    world.eval(&logged("a", &url));
    world.eval(&logged("b", &url));
    world.run_until("a.readyState === 1 && b.readyState === 1");
    world.eval(&logged("c", &url));
    world.run_until("c.readyState === 3");
    assert_eq!(world.eval("log.join()"), "c error,c 1006  false");
    assert_eq!(last_error(&mut world, "c"), ErrorKind::TooManySockets(2));
    world.eval("var got = ''; a.onmessage = b.onmessage = (event) => { got += event.data; event.target.close(4000) }; a.send('1'); b.send('1')");
    world.run();
    assert_eq!(world.eval("got + log.length"), "114");
    // Their places are free again.
    world.eval(&logged("d", &url));
    world.run_until("d.readyState === 1");
    world.eval("d.close()");
    world.run();
}

#[test]
fn a_message_or_a_queue_over_its_limit_ends_its_own_socket_alone() {
    let mut world = World::with(|builder| {
        builder.limits(|limits| {
            limits.message_size = 1000;
            limits.send_queue = 5000;
        })
    });
    let url = websocket(|mut websocket| {
        websocket.send("x".repeat(1000).into()).unwrap();
        let _ = websocket.send("x".repeat(1001).into());
        echo(websocket);
    });
    world.eval(&logged("large", &url));
    world.eval("var got = 0; large.onmessage = (event) => { got += event.data.length }");
    let echoing = websocket(echo);
    world.eval(&logged("full", &echoing));
    world.eval(&logged("other", &echoing));
    world.run_until("full.readyState === 1 && other.readyState === 1");
    world.eval("full.send('x'.repeat(5001))");
    world.run_until("full.readyState === 3 && large.readyState === 3");
    assert_eq!(world.eval("got"), "1000");
    assert_eq!(last_error(&mut world, "large"), ErrorKind::Protocol);
    assert_eq!(
        last_error(&mut world, "full"),
        ErrorKind::SendQueueFull(5000)
    );
    world.eval("other.onmessage = () => other.close(4000); other.send('x')");
    world.run();
    assert_eq!(world.eval("log.at(-1)"), "other 4000  true");
}
