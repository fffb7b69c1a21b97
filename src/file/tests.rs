//! Tests of Blob.

use boa_engine::{Context, Source};

use super::*;
use crate::{event_loop::EventLoop, webidl};

fn context() -> Context {
    let mut context = Context::builder()
        .job_executor(EventLoop::new())
        .build()
        .unwrap();
    webidl::register(&mut context).unwrap();
    register(&mut context).unwrap();
    context
}

fn eval(context: &mut Context, source: &str) -> String {
    let value = context.eval(Source::from_bytes(source)).unwrap();
    value.to_string(context).unwrap().to_std_string_lossy()
}

/// Evaluates; then runs all jobs; then shows `log`.
#[track_caller]
fn check(source: &str, expected: &str) {
    let mut context = context();
    eval(
        &mut context,
        "var log = []; function thrown(f) { try { f() } catch (e) { return e.name } return 'nothing' }",
    );
    eval(&mut context, source);
    context.run_jobs().unwrap();
    assert_eq!(eval(&mut context, "log.join()"), expected, "{source}");
}

#[test]
fn the_interface() {
    check(
        "log.push(Blob.length, Object.prototype.toString.call(new Blob), Object.keys(Blob.prototype).join(' '));
         for (let n of ['slice', 'text', 'arrayBuffer', 'bytes']) log.push(Blob.prototype[n].length);
         log.push(thrown(() => Blob()), thrown(() => Blob.prototype.size), thrown(() => Blob.prototype.slice()))",
        "0,[object Blob],size type slice text arrayBuffer bytes,0,0,0,0,TypeError,TypeError,TypeError",
    );
}

#[test]
fn parts() {
    check(
        "let b = new Uint8Array([98, 99, 100]);
         let blob = new Blob(['a', b.subarray(0, 1), new DataView(b.buffer, 1, 1), b.buffer.slice(2),
                              new Blob(['e', 'f']), 1, null, { toString() { return 'o' } }, '\\ud800']);
         b[0] = 0;
         log.push(blob.size); blob.text().then(t => log.push(t))",
        "15,abcdef1nullo\u{fffd}",
    );
    check(
        "for (let none of [[], undefined, new Set]) log.push(new Blob(none).size);
         for (let bad of ['text', null, 1, {}, new Blob, new Uint8Array(2)])
            log.push(thrown(() => new Blob(bad)));
         log.push(thrown(() => new Blob([Symbol()])), thrown(() => new Blob([], 1)))",
        // A typed array is iterable, and so a sequence.
        "0,0,0,TypeError,TypeError,TypeError,TypeError,TypeError,nothing,TypeError,TypeError",
    );
}

#[test]
fn options() {
    check(
        "log.push(new Blob([], { type: 'Text/HTML' }).type, new Blob([], { type: 'a\\u00e9' }).type,
                  new Blob([], { type: 'a\\u007f' }).type, new Blob([], { type: null }).type,
                  new Blob([], null).type, new Blob([], { type: '\\u20ac' }).type);
         new Blob([], new Proxy({}, { get(_, k) { log.push(k) } }));
         log.push(thrown(() => new Blob([], { endings: 'other' })))",
        "text/html,,,null,,,endings,type,TypeError",
    );
    let ending = if cfg!(windows) { "\\r\\n" } else { "\\n" };
    check(
        &format!(
            "let text = 'a\\r\\nb\\nc\\rd\\n\\re\\r';
             let bytes = new Uint8Array([13, 10]);
             new Blob([text, bytes], {{ endings: 'native' }}).text().then(t => log.push(
                t === ['a', 'b', 'c', 'd', '', 'e', ''].join('{ending}') + '\\r\\n'));
             new Blob([text], {{ endings: 'transparent' }}).text().then(t => log.push(t === text))"
        ),
        "true,true",
    );
}

#[test]
fn slices() {
    check(
        "let blob = new Blob(['0123456789'], { type: 'a/b' });
         let cases = [[], [2], [2, 4], [-3], [-3, -1], [4, 2], [0, 100], [-100, 3], [undefined, 3],
                      [null, 2], ['1', '3'], [NaN, 2], [0.5, 1.5], [Infinity], [-Infinity, Infinity], [10, 11]];
         Promise.all(cases.map(c => blob.slice(...c).text())).then(t => log.push(t.join('|')));
         log.push(blob.slice().type, blob.slice(0, 1, 'X/Y').type, blob.slice(0, 1, '\\u20ac').type);
         blob.slice(2, 8).slice(1, 4).slice(1).text().then(t => log.push(t))",
        ",x/y,,45,0123456789|23456789|23|789|78||0123456789|012|012|01|12|01|01||0123456789|",
    );
}

#[test]
fn contents() {
    check(
        "let blob = new Blob([new Uint8Array([0xef, 0xbb, 0xbf, 0x41, 0xff, 0xe2, 0x82, 0x42])]);
         blob.text().then(t => log.push(t));
         blob.arrayBuffer().then(b => { log.push(b instanceof ArrayBuffer, b.byteLength);
            new Uint8Array(b).fill(0); return blob.bytes() })
         .then(b => { log.push(b instanceof Uint8Array, b.join(' '), b.byteOffset);
            log.push(b.buffer.byteLength) });
         Blob.prototype.text.call({}).catch(e => log.push(e.name));",
        "A\u{fffd}\u{fffd}B,true,8,TypeError,true,239 187 191 65 255 226 130 66,0,8",
    );
}

#[test]
fn subclasses() {
    check(
        "class Mine extends Blob { get half() { return this.size / 2 } }
         let m = new Mine(['1234']);
         log.push(m.half, m.slice() instanceof Mine, m.slice() instanceof Blob)",
        "2,false,true",
    );
}

#[test]
fn hostile_parts() {
    check(
        "let parts = ['a', 'b', 'c'];
         parts[1] = { toString() { parts.length = 2; parts.push(new Blob(['z'])); return 'x' } };
         new Blob(parts).text().then(t => log.push(t));
         log.push(thrown(() => new Blob({ *[Symbol.iterator]() { yield 'a'; throw new RangeError } })))",
        "RangeError,axz",
    );
}

#[test]
fn bytes_are_shared() {
    let context = &mut context();
    let owner: std::sync::Arc<[u8]> = std::sync::Arc::from(&b"hello world"[..]);
    let blob = new_blob(BlobBytes::from_owner(owner.clone()), "A/B", context).unwrap();
    let bytes = blob_bytes(&blob).unwrap();
    assert_eq!(bytes.as_ptr(), owner.as_ptr());
    assert_eq!(blob_type(&blob).unwrap().to_std_string_lossy(), "a/b");
    let slice = bytes.slice(6..11);
    assert_eq!(&*slice, b"world");
    assert_eq!(slice.as_ptr(), owner[6..].as_ptr());
    assert_eq!(&*slice.slice(1..99), b"orld");
    assert!(slice.slice(7..99).is_empty());
    assert!(slice.slice(std::ops::Range { start: 3, end: 2 }).is_empty());
    assert!(blob_bytes(&boa_engine::JsObject::with_null_proto()).is_none());

    // What the network hands over is taken as it is.
    let received = boa_engine::builtins::array_buffer::AlignedVec::from_slice(0, b"bytes");
    assert_eq!(&*BlobBytes::from_owner(received), b"bytes");

    // A slice made by script shares them as well, and so does a Blob of one Blob.
    context
        .register_global_property(
            boa_engine::js_string!("blob"),
            blob,
            boa_engine::property::Attribute::all(),
        )
        .unwrap();
    let made = context
        .eval(Source::from_bytes("new Blob([blob.slice(6)])"))
        .unwrap();
    let bytes = blob_bytes(&made.as_object().unwrap()).unwrap();
    assert_eq!(bytes.as_ptr(), owner[6..].as_ptr());
}
