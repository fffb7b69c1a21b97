//! `CONNECT`, <https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;

use super::{
    refusal::ProxyRefusal,
    tunnel::{Ask, Failure, Stream, read_exact},
};
use crate::net::handshake::{STATUS_LINE_START, describe};

pub(super) fn open<S: Stream>(stream: &mut S, ask: &Ask<'_>) -> Result<(), Failure<S::Error>> {
    let request = request(ask).map_err(Failure::Unaskable)?;
    stream.write_all(&request).map_err(Failure::Stream)?;
    let mut left = ask.max_head;
    loop {
        match read_status(stream, &mut left, ask)? {
            200..=299 => return Ok(()),
            // Interim responses, which may always come. 101 is none: nobody has asked to switch.
            100 | 102..=199 => {}
            status => return Err(ProxyRefusal::Status(status).into()),
        }
    }
}

fn request(ask: &Ask<'_>) -> Result<Vec<u8>, &'static str> {
    let (host, port) = (&ask.target.host, ask.target.port);
    // The port is always there, and an IPv6 address has its brackets.
    let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(agent) = ask.user_agent {
        HeaderValue::from_str(agent).map_err(|_| "user agent")?;
        head += &format!("User-Agent: {agent}\r\n");
    }
    if let Some(credentials) = ask.proxy.credentials() {
        // RFC 7617.
        let pair = [&credentials.user[..], b":", &credentials.password].concat();
        head += &format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(pair));
    }
    head += "\r\n";
    Ok(head.into_bytes())
}

/// Reads one response head, which uses up what is `left` of the limit.
fn read_status<S: Stream>(
    stream: &mut S,
    left: &mut usize,
    ask: &Ask<'_>,
) -> Result<u16, Failure<S::Error>> {
    let mut head = Vec::new();
    loop {
        // Byte by byte: where the head ends is known only then, and the next byte is not ours.
        let mut byte = [0];
        read_exact(stream, &mut byte)?;
        if *left == 0 {
            return Err(ProxyRefusal::HeadTooLong(ask.max_head).into());
        }
        *left -= 1;
        head.extend_from_slice(&byte);
        // It can only be whole, or wrong in a new way, when a line has ended; but what is not HTTP
        // may not have lines.
        if byte != *b"\n" && head.len() != STATUS_LINE_START {
            continue;
        }
        // A header takes three bytes at least, so there is room for all, whatever the limit.
        let room = ask.max_headers.min(head.len() / 3 + 1);
        let mut headers = vec![httparse::EMPTY_HEADER; room];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(&head) {
            // A body, if the status has one, is left alone: RFC 9110 wants it ignored behind 2xx,
            // and behind another the line is given up.
            Ok(httparse::Status::Complete(_)) => return Ok(response.code.unwrap_or_default()),
            Ok(httparse::Status::Partial) => {}
            Err(httparse::Error::TooManyHeaders) => {
                return Err(ProxyRefusal::TooManyHeaders(ask.max_headers).into());
            }
            Err(error) => return Err(ProxyRefusal::NotHttp(describe(error)).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::net::{
        proxy::tunnel::tests::{Script, ask},
        target::Target,
    };

    const OK: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

    fn heard(proxy: &str, url: &str) -> String {
        let mut script = Script::new(OK.as_bytes(), usize::MAX);
        ask(proxy, url, &mut script).unwrap();
        String::from_utf8(script.heard).unwrap()
    }

    fn answered(answer: &str) -> Result<(), Failure<&'static str>> {
        let mut script = Script::new(answer.as_bytes(), usize::MAX);
        ask("http://p.test", "ws://h", &mut script)
    }

    fn refusal(answer: &str) -> ProxyRefusal {
        match answered(answer) {
            Err(Failure::Refused(refusal)) => refusal,
            other => panic!("{answer:?}: {other:?}"),
        }
    }

    #[test]
    fn the_request_names_host_and_port_and_nothing_of_the_url() {
        for (url, authority) in [
            (
                "ws://user:secret@example.org/secret?secret",
                "example.org:80",
            ),
            ("wss://example.org", "example.org:443"),
            ("wss://192.0.2.1:8443", "192.0.2.1:8443"),
            ("ws://[2001:db8::1]", "[2001:db8::1]:80"),
        ] {
            let expected = format!(
                "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: tests\r\n\r\n"
            );
            assert_eq!(heard("http://p.test", url), expected);
            assert_eq!(heard("https://p.test", url), expected);
        }
    }

    #[test]
    fn credentials_are_sent_at_once() {
        let line = "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n";
        assert!(heard("http://Aladdin:open%20sesame@p.test", "ws://h").contains(line));
        let line = "\r\nProxy-Authorization: Basic dXNlcjo=\r\n";
        assert!(heard("user@p.test", "ws://h").contains(line));
    }

    #[test]
    fn every_status_of_the_class_opens_and_every_split_does() {
        for answer in [
            OK,
            "HTTP/1.0 200 Connection established\r\n\r\n",
            "HTTP/1.1 200\r\n\r\n",
            "HTTP/1.1 204 Nothing\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 299 x\r\n\r\n",
        ] {
            for piece in [1, 2, 7, usize::MAX] {
                let bytes = format!("{answer}\r\nthe tunnel's");
                let mut script = Script::new(bytes.as_bytes(), piece);
                assert_eq!(ask("http://p.test", "ws://h", &mut script), Ok(()));
                assert_eq!(script.rest(), b"\r\nthe tunnel's", "{answer}");
            }
            for cut in 0..answer.len() {
                assert_eq!(refusal(&answer[..cut]), ProxyRefusal::Truncated);
            }
        }
    }

    #[test]
    fn any_other_status_is_a_refusal() {
        for status in [101, 301, 400, 401, 403, 407, 429, 502, 503, 504, 999] {
            let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 1000\r\n\r\nbecause");
            assert_eq!(refusal(&answer), ProxyRefusal::Status(status));
        }
    }

    #[test]
    fn what_is_not_http_is_refused_before_a_line_has_ended() {
        for answer in [
            "SSH-2.0-OpenSSH_9.6",
            "\x15\x03\x01\x00\x02\x02\x46 more",
            "HTTP/2.0 200 OK",
            "HTTP/1.1 abc\r\n",
            "HTTP/1.1 200 OK\r\nbad name: x\r\n",
        ] {
            let refusal = refusal(answer);
            assert!(matches!(refusal, ProxyRefusal::NotHttp(_)), "{refusal}");
        }
    }

    #[test]
    fn heads_are_bounded() {
        let with = |length: usize| {
            let head = "HTTP/1.1 200 OK\r\nX: \r\n\r\n";
            head.replace("X: ", &format!("X: {}", "x".repeat(length - head.len())))
        };
        assert_eq!(answered(&with(200)), Ok(()));
        assert_eq!(refusal(&with(201)), ProxyRefusal::HeadTooLong(200));
        let endless = "HTTP/1.1 200 OK".to_owned() + &" ".repeat(1000);
        assert_eq!(refusal(&endless), ProxyRefusal::HeadTooLong(200));
        // Interim responses do not make it longer.
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
        assert_eq!(refusal(&interim), ProxyRefusal::HeadTooLong(200));
        assert_eq!(
            refusal(&"\r\n".repeat(1000)),
            ProxyRefusal::HeadTooLong(200)
        );
        let headers = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a:\r\n".repeat(count));
        assert_eq!(answered(&headers(3)), Ok(()));
        assert_eq!(refusal(&headers(4)), ProxyRefusal::TooManyHeaders(3));
    }

    #[test]
    fn a_limit_may_be_none_at_all() {
        let mut script = Script::new(OK.as_bytes(), usize::MAX);
        let ask = Ask {
            proxy: &"http://p.test".parse().unwrap(),
            target: &Target::new(&Url::parse("ws://h").unwrap()).unwrap(),
            user_agent: None,
            max_head: usize::MAX,
            max_headers: usize::MAX,
        };
        assert_eq!(open(&mut script, &ask), Ok(()));
    }

    #[test]
    fn a_line_that_breaks_is_told_as_such() {
        assert_eq!(answered("HTTP/1.1!"), Err(Failure::Stream("broken")));
    }
}
