//! Values that are too deep, too long, or both.

use std::time::{Duration, Instant};

use super::{InspectOptions, context, evaluate, inspect};

#[test]
fn hostile_values_take_little_time_and_space() {
    let deep = InspectOptions {
        depth: usize::MAX,
        ..InspectOptions::default()
    };
    for script in [
        "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; o",
        "let a = []; for (let i = 0; i < 2e4; i++) a = [a]; a",
        "let m = 1; for (let i = 0; i < 1e4; i++) m = new Map([[m, m]]); m",
        "let o = {}; for (let i = 0; i < 200; i++) o = { a: o, b: o }; o",
        "let p = {}; for (let i = 0; i < 1e4; i++) p = Object.create(p); p",
        "let e = new Error(); for (let i = 0; i < 1e4; i++) e = new Error('x'.repeat(1e3), { cause: e }); e",
        "let w = 'x'.repeat(5000); for (let i = 0; i < 4; i++) w = Array(100).fill(w); w",
        "const o = {}; for (let i = 0; i < 2e4; i++) o['k' + i] = i; o",
        "const a = []; for (let i = 0; i < 1e5; i++) a.push(i); a",
        "new Uint8Array(1e7)",
        "['x'.repeat(1e7)]",
        "const big = {}; for (let i = 0; i < 1e4; i++) Object.defineProperty(big, 'k' + i, {}); \
         Array(100).fill(Array(100).fill(Array(100).fill(big)))",
        "const e = new Error('m'.repeat(1e6)); Array(100).fill(Array(100).fill(e))",
        "const r = new RegExp('r'.repeat(1e5)); Array(100).fill(Array(100).fill(r))",
        "const n = 1n << 100000n; Array(100).fill(Array(100).fill([n, Object(n)]))",
        "const h = []; h[4e9] = 1; for (let i = 0; i < 1e4; i++) h[i * 2] = i; Array(100).fill(Array(100).fill(h))",
        "({ ['k'.repeat(1e6)]: Symbol('s'.repeat(1e6)) })",
    ] {
        let context = &mut context();
        let value = evaluate(script, context);
        let started = Instant::now();
        let text = inspect(&value, &deep, context);
        assert!(started.elapsed() < Duration::from_secs(20), "{script}");
        assert!(text.len() < 8 << 20, "{script}: {} bytes", text.len());
        // Dropping 10^5 nested objects is the collector's affair.
        std::mem::forget(value);
    }
}
