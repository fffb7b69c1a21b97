//! Running many tests at a time, with results in the order of the tests.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// What happens while the items are being worked on.
pub(super) enum Progress<T> {
    /// The work on an item has begun.
    Started(usize),
    /// An item is done, and so are all before it.
    Done(usize, T),
}

/// Does `work` on the indices below `count`, up to `threads` at a time, and tells `progress` of it, on this thread;
/// of results in order.
pub(super) fn for_each<T: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    mut progress: impl FnMut(Progress<T>),
) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count
                        || sender.send(Progress::Started(index)).is_err()
                        || sender.send(Progress::Done(index, work(index))).is_err()
                    {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        for event in receiver {
            match event {
                Progress::Done(index, result) => {
                    early.insert(index, result);
                    while let Some(result) = early.remove(&due) {
                        progress(Progress::Done(due, result));
                        due += 1;
                    }
                }
                started => progress(started),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn results_come_in_order() {
        // The first one cannot end before the last one has.
        let barrier = Barrier::new(2);
        let mut done = Vec::new();
        let work = |index: usize| {
            if index == 0 || index == 9 {
                barrier.wait();
            }
            index * 2
        };
        for_each(10, 2, work, |event| {
            if let Progress::Done(index, result) = event {
                done.push((index, result));
            }
        });
        assert_eq!(done, (0..10).map(|i| (i, i * 2)).collect::<Vec<_>>());
    }

    #[test]
    fn no_items_is_no_problem() {
        for_each(0, 4, |_| (), |_| panic!("there is nothing"));
    }
}
