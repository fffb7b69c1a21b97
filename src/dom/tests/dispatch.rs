//! Listeners and dispatch.

use boa_engine::Source;

use super::{check, collect_reports, context, eval};

#[test]
fn what_a_listener_sees() {
    check(
        "let t = new EventTarget, e = new Event('x'), path;
         t.addEventListener('x', function (e) {
            path = e.composedPath();
            log.push(this === t, e.target === t, e.currentTarget === t, e.srcElement === t,
                     e.eventPhase, path.length, path[0] === t, arguments.length);
         });
         log.push(t.dispatchEvent(e));
         [...log, e.target === t, e.currentTarget, e.eventPhase, e.composedPath().length].join()",
        "true,true,true,true,2,1,true,1,true,true,,0,0",
    );
}

#[test]
fn capturing_listeners_come_first_and_duplicates_do_not_count() {
    check(
        "let t = new EventTarget, say = s => () => log.push(s), f = say('f');
         t.addEventListener('x', f); t.addEventListener('x', f); t.addEventListener('x', f, { once: true });
         t.addEventListener('x', say('c'), true); t.addEventListener('x', f, { capture: true });
         t.addEventListener('x', null); t.addEventListener('x', undefined);
         t.dispatchEvent(new Event('x'));
         t.removeEventListener('x', f); t.dispatchEvent(new Event('x'));
         t.removeEventListener('x', f, 'truthy'); t.dispatchEvent(new Event('x'));
         log.join()",
        "c,f,f,c,f,c",
    );
    check(
        "let t = new EventTarget;
         [thrown(() => t.addEventListener('x', 1)), thrown(() => t.addEventListener('x', 'f')),
          thrown(() => t.addEventListener('x')), thrown(() => t.removeEventListener('x')),
          thrown(() => t.dispatchEvent()), thrown(() => t.dispatchEvent(null)),
          thrown(() => t.dispatchEvent({ type: 'x' })),
          thrown(() => t.addEventListener('x', null, { signal: null })),
          thrown(() => t.addEventListener('x', () => {}, { signal: {} })),
          thrown(() => t.addEventListener('x', null, { signal: undefined }))].join()",
        "TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,nothing",
    );
}

#[test]
fn changes_of_the_list_during_a_dispatch() {
    check(
        "let t = new EventTarget, say = s => () => log.push(s);
         let late = say('late'), gone = say('gone'), again = say('again');
         t.addEventListener('x', () => {
            log.push('first');
            t.removeEventListener('x', gone);
            t.addEventListener('x', late);
            t.removeEventListener('x', again); t.addEventListener('x', again);
         });
         t.addEventListener('x', gone);
         t.addEventListener('x', again);
         t.addEventListener('x', say('last'));
         t.dispatchEvent(new Event('x')); log.push('|'); t.dispatchEvent(new Event('x'));
         log.join()",
        "first,last,|,first,last,late",
    );
    // Added while the capturing listeners run: the others are looked at afterwards.
    check(
        "let t = new EventTarget;
         t.addEventListener('x', () => t.addEventListener('x', () => log.push('added')), true);
         t.dispatchEvent(new Event('x')); log.join()",
        "added",
    );
}

#[test]
fn once() {
    check(
        "let t = new EventTarget;
         t.addEventListener('x', () => { log.push('x'); if (log.length < 3) t.dispatchEvent(new Event('x')) }, { once: true });
         t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x')); log.join()",
        "x",
    );
}

#[test]
fn passive_listeners_cannot_cancel() {
    check(
        "let t = new EventTarget;
         t.addEventListener('x', e => { e.preventDefault(); e.returnValue = false }, { passive: true });
         log.push(t.dispatchEvent(new Event('x', { cancelable: true })));
         t.addEventListener('x', e => e.preventDefault());
         let e = new Event('x', { cancelable: true });
         log.push(t.dispatchEvent(e), e.defaultPrevented, t.dispatchEvent(new Event('x')));
         log.join()",
        "true,false,true,true",
    );
}

#[test]
fn stopping() {
    check(
        "let t = new EventTarget, stop;
         t.addEventListener('x', e => { log.push('c1'); e[stop]() }, true);
         t.addEventListener('x', () => log.push('c2'), true);
         t.addEventListener('x', () => log.push('b'));
         for (stop of ['stopPropagation', 'stopImmediatePropagation', 'preventDefault']) {
            let e = new Event('x'); t.dispatchEvent(e); log.push(e.cancelBubble, '|');
         }
         let e = new Event('x'); e.stopPropagation(); t.dispatchEvent(e); log.push(e.cancelBubble);
         log.join()",
        "c1,c2,false,|,c1,false,|,c1,c2,b,false,|,false",
    );
}

#[test]
fn handle_event_is_looked_up_at_each_call() {
    check(
        "let t = new EventTarget;
         let o = { get handleEvent() { log.push('get'); return function (e) { log.push(this === o, e.type) } } };
         t.addEventListener('x', o);
         t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x'));
         function f() { log.push('f') } f.handleEvent = () => log.push('never');
         t.addEventListener('y', f); t.dispatchEvent(new Event('y'));
         log.join()",
        "get,true,x,get,true,x,f",
    );
}

#[test]
fn what_listeners_throw_is_reported_and_stops_nothing() {
    let mut context = context();
    let reports = collect_reports(&mut context);
    let seen = eval(
        &mut context,
        "let t = new EventTarget, log = [];
         t.addEventListener('x', () => { throw new RangeError('one') });
         t.addEventListener('x', { get handleEvent() { throw 'two' } });
         t.addEventListener('x', {});
         t.addEventListener('x', { handleEvent: 3 });
         t.addEventListener('x', () => log.push('reached'));
         log.push(t.dispatchEvent(new Event('x'))); log.join()",
    );
    assert_eq!(seen, "reached,true");
    let reports = reports.borrow();
    assert_eq!(reports.len(), 4, "{reports:?}");
    assert!(reports[0].contains("RangeError: one"), "{reports:?}");
    assert!(reports[1].contains("two"), "{reports:?}");
    assert!(reports[2].contains("TypeError"), "{reports:?}");
    assert!(reports[3].contains("TypeError"), "{reports:?}");
}

#[test]
fn dispatching_an_event_twice() {
    check(
        "let t = new EventTarget, e = new Event('x');
         t.addEventListener('x', e => {
            try { t.dispatchEvent(e) } catch (x) { log.push(x.name, x instanceof DOMException, x.code) }
         });
         t.dispatchEvent(e); t.dispatchEvent(e); log.join()",
        "InvalidStateError,true,11,InvalidStateError,true,11",
    );
}

#[test]
fn a_dispatch_within_a_dispatch() {
    check(
        "let t = new EventTarget, depth = 0;
         t.addEventListener('x', e => {
            log.push('in' + depth);
            if (depth++ < 2) t.dispatchEvent(new Event('x'));
            log.push(e.currentTarget === t, e.eventPhase);
         });
         t.dispatchEvent(new Event('x')); log.join()",
        "in0,in1,in2,true,2,true,2,true,2",
    );
}

#[test]
fn no_microtasks_run_while_script_is_on_the_stack() {
    check(
        "let t = new EventTarget;
         t.addEventListener('x', () => { log.push(1); Promise.resolve().then(() => log.push('micro')) });
         t.addEventListener('x', () => log.push(2));
         t.dispatchEvent(new Event('x')); log.join()",
        "1,2",
    );
}

#[test]
fn microtasks_run_between_listeners_when_the_host_dispatches() {
    let mut context = context();
    eval(
        &mut context,
        "var t = new EventTarget, log = [];
         t.addEventListener('x', () => { log.push(1); Promise.resolve().then(() => log.push('micro')) });
         t.addEventListener('x', () => log.push(2));",
    );
    let target = context.global_object();
    let target = target
        .get(boa_engine::js_string!("t"), &mut context)
        .unwrap();
    let target = target.as_object().unwrap();
    assert!(crate::dom::fire_an_event("x", &target, &mut context).unwrap());
    assert_eq!(eval(&mut context, "log.join()"), "1,micro,2");
}

#[test]
fn a_hostile_listener_changes_the_objects_at_hand() {
    check(
        "let t = new EventTarget, e = new Event('x');
         t.addEventListener('x', e => {
            Object.setPrototypeOf(e, null); Object.setPrototypeOf(t, null);
            e.x = 1; Object.freeze(t); log.push('in');
         });
         t.addEventListener('x', e => log.push(e.x, e.isTrusted));
         EventTarget.prototype.dispatchEvent.call(t, e); log.join()",
        "in,1,false",
    );
}

#[test]
fn getters_of_options_may_change_the_list() {
    check(
        "let t = new EventTarget, f = () => log.push('f'), g = () => log.push('g');
         t.addEventListener('x', g);
         t.addEventListener('x', f, { get capture() { t.removeEventListener('x', g); t.addEventListener('x', f) } });
         t.removeEventListener('x', f, { get capture() { t.addEventListener('x', g); t.dispatchEvent(new Event('x')) } });
         t.dispatchEvent(new Event('x')); log.join()",
        "f,g,g",
    );
    check(
        "let t = new EventTarget;
         [thrown(() => t.addEventListener('x', () => log.push('never'), { get once() { throw new RangeError } })),
          t.dispatchEvent(new Event('x')), log.length].join()",
        "RangeError,true,0",
    );
}

#[test]
fn proxies_are_not_the_objects_they_stand_for() {
    check(
        "let t = new Proxy(new EventTarget, {}), u = new EventTarget;
         let f = new Proxy(() => log.push('called'), {});
         u.addEventListener('x', f); u.dispatchEvent(new Event('x'));
         [thrown(() => t.addEventListener('x', null)),
          thrown(() => u.dispatchEvent(new Proxy(new Event('x'), {}))), ...log].join()",
        "TypeError,TypeError,called",
    );
}

#[test]
fn an_error_that_script_cannot_catch_ends_the_dispatch() {
    let mut context = context();
    let reports = collect_reports(&mut context);
    context.runtime_limits_mut().set_loop_iteration_limit(100);
    let result = context.eval(Source::from_bytes(
        "var log = [], t = new EventTarget, e = new Event('x');
         t.addEventListener('x', () => { for (;;); });
         t.addEventListener('x', () => log.push('never'));
         try { t.dispatchEvent(e) } catch { log.push('caught') }",
    ));
    assert!(result.unwrap_err().as_engine().is_some());
    assert!(reports.borrow().is_empty());
    // The event can be used again.
    assert_eq!(
        eval(
            &mut context,
            "[log.length, e.eventPhase, e.currentTarget, new EventTarget().dispatchEvent(e)].join()"
        ),
        "0,0,,true"
    );
}
