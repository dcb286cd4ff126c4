//! Chunks read by workers and absorbed in their order, both at the same time.
//!
//! ```text
//! each worker      waits for an empty part, takes the next chunk, reads it, lays it on the desk
//! this thread      takes the chunks off the desk in order, absorbs them, gives the parts back empty
//! ```
//!
//! There are few parts, so that what lies on the desk is bounded however slow absorbing is. A worker takes the part that
//! came back last, whose memory of keys and names is the freshest. Whoever takes a chunk has a part already, so the chunk
//! that is waited for is always being read.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rayon::ThreadPool;

/// How many parts so many workers need: for each one to read into, and one that waits to be absorbed.
pub(super) fn parts(workers: usize) -> usize {
    if workers == 1 { 1 } else { 2 * workers }
}

/// Reads all chunks into parts that come back empty in the end. `read` is told the state that `absorb` last returned, the
/// best guess there is; the last one comes back too.
pub(super) fn crew<B, P, S, R>(
    workers: &ThreadPool,
    chunks: impl Iterator<Item = B> + Send,
    mut parts: Vec<P>,
    mut state: S,
    read: impl Fn(B, P, S) -> R + Sync,
    mut absorb: impl FnMut(R) -> (P, S),
) -> (Vec<P>, S)
where
    B: Send,
    P: Send,
    S: Copy + Send,
    R: Send,
{
    let crew = workers.current_num_threads();
    if crew == 1 {
        for chunk in chunks {
            let Some(part) = parts.pop() else { break };
            let (part, next) = absorb(read(chunk, part, state));
            parts.push(part);
            state = next;
        }
        return (parts, state);
    }
    let desk = Desk::new(chunks.fuse(), parts, state);
    workers.in_place_scope(|scope| {
        for _ in 0..crew {
            scope.spawn(|_| {
                let leaving = Leaving(&desk);
                while let Some((number, chunk, part, state)) = desk.take() {
                    desk.lay(number, read(chunk, part, state));
                }
                leaving.well();
            });
        }
        let leaving = Leaving(&desk);
        let mut number = 0;
        while let Some(result) = desk.wait_for(number) {
            let (part, state) = absorb(result);
            desk.give_back(part, state);
            number += 1;
        }
        leaving.well();
    });
    let papers = desk.papers.into_inner().unwrap_or_else(PoisonError::into_inner);
    (papers.parts, papers.state)
}

/// What is shared.
struct Desk<C, P, S, R> {
    /// Who waits for the next chunk waits here, and in nobody's way: results are laid and taken meanwhile.
    stack: Mutex<Stack<C>>,
    /// Locked four times for each chunk.
    papers: Mutex<Papers<P, S, R>>,
    /// A part came back, or there is nothing left to wait for.
    returned: Condvar,
    /// A result was laid here, or no further one will be.
    laid: Condvar,
}

struct Stack<C> {
    chunks: C,
    taken: usize,
}

struct Papers<P, S, R> {
    /// How many chunks there are, when all are taken.
    all: Option<usize>,
    /// Somebody left in the middle of a chunk: nobody may wait for it.
    broken: bool,
    parts: Vec<P>,
    state: S,
    done: BTreeMap<usize, R>,
}

impl<C: Iterator, P, S: Copy, R> Desk<C, P, S, R> {
    fn new(chunks: C, parts: Vec<P>, state: S) -> Desk<C, P, S, R> {
        let papers = Papers { all: None, broken: false, parts, state, done: BTreeMap::new() };
        Desk {
            stack: Mutex::new(Stack { chunks, taken: 0 }),
            papers: Mutex::new(papers),
            returned: Condvar::new(),
            laid: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Papers<P, S, R>> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next chunk with its number, a part to read it into, and the state.
    fn take(&self) -> Option<(usize, C::Item, P, S)> {
        let part = self.part()?;
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        let chunk = stack.chunks.next();
        let number = stack.taken;
        stack.taken += usize::from(chunk.is_some());
        drop(stack);
        let mut papers = self.lock();
        if let Some(chunk) = chunk {
            return Some((number, chunk, part, papers.state));
        }
        papers.parts.push(part);
        papers.all = Some(number);
        drop(papers);
        self.returned.notify_all();
        self.laid.notify_all();
        None
    }

    /// An empty part, as long as there may be a chunk to be read into it.
    fn part(&self) -> Option<P> {
        let mut papers = self.lock();
        while papers.all.is_none() && !papers.broken {
            if let Some(part) = papers.parts.pop() {
                return Some(part);
            }
            papers = self.returned.wait(papers).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    fn lay(&self, number: usize, result: R) {
        self.lock().done.insert(number, result);
        self.laid.notify_all();
    }

    /// The result with this number, or none where there are fewer chunks.
    fn wait_for(&self, number: usize) -> Option<R> {
        let mut papers = self.lock();
        loop {
            if let Some(result) = papers.done.remove(&number) {
                return Some(result);
            }
            if papers.broken || papers.all == Some(number) {
                return None;
            }
            papers = self.laid.wait(papers).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, part: P, state: S) {
        let mut papers = self.lock();
        papers.parts.push(part);
        papers.state = state;
        drop(papers);
        self.returned.notify_one();
    }
}

/// Sets the others free when somebody leaves by a panic.
struct Leaving<'d, C: Iterator, P, S: Copy, R>(&'d Desk<C, P, S, R>);

impl<C: Iterator, P, S: Copy, R> Leaving<'_, C, P, S, R> {
    fn well(self) {
        std::mem::forget(self);
    }
}

impl<C: Iterator, P, S: Copy, R> Drop for Leaving<'_, C, P, S, R> {
    fn drop(&mut self) {
        self.0.lock().broken = true;
        self.0.returned.notify_all();
        self.0.laid.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn workers(threads: usize) -> ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_chunk_is_absorbed_once_and_in_order() {
        for (threads, chunks) in [(1, 5), (2, 0), (2, 1), (3, 500), (64, 10), (64, 1000)] {
            let busy = Mutex::new(BTreeSet::new());
            let mut absorbed = Vec::new();
            let read = |chunk: u64, part: usize, state: u64| {
                assert!(busy.lock().unwrap().insert(part), "a part is with one worker at a time");
                // Later chunks are quicker now and then.
                if chunk.is_multiple_of(7) {
                    std::thread::yield_now();
                }
                assert!(state <= chunk);
                busy.lock().unwrap().remove(&part);
                (chunk, part)
            };
            let new: Vec<usize> = (0..parts(threads)).collect();
            let (mut back, last) =
                crew(&workers(threads), 0..chunks, new.clone(), 0, read, |(chunk, part)| {
                    absorbed.push(chunk);
                    (part, chunk)
                });
            assert_eq!(absorbed, (0..chunks).collect::<Vec<_>>(), "{threads} threads");
            assert_eq!(last, chunks.saturating_sub(1));
            back.sort_unstable();
            assert_eq!(back, new);
        }
    }

    #[test]
    fn few_results_wait_for_a_slow_absorber() {
        let read = AtomicUsize::new(0);
        let mut absorbed = 0;
        let count = |_: usize, (): (), (): ()| {
            read.fetch_add(1, Ordering::SeqCst);
        };
        crew(&workers(4), 0..200, vec![(); parts(4)], (), count, |()| {
            std::thread::yield_now();
            assert!(read.load(Ordering::SeqCst) <= absorbed + parts(4));
            absorbed += 1;
            ((), ())
        });
        assert_eq!(absorbed, 200);
    }

    #[test]
    fn a_panic_ends_everything_instead_of_waiting() {
        let in_read = std::panic::catch_unwind(|| {
            let read = |chunk: u32, (): (), (): ()| assert_ne!(chunk, 20);
            crew(&workers(3), 0..100, vec![(); parts(3)], (), read, |()| ((), ()));
        });
        assert!(in_read.is_err());
        let in_absorb = std::panic::catch_unwind(|| {
            let read = |chunk: u32, (): (), (): ()| chunk;
            crew(&workers(3), 0..100, vec![(); parts(3)], (), read, |chunk| {
                assert_ne!(chunk, 20);
                ((), ())
            });
        });
        assert!(in_absorb.is_err());
    }
}
