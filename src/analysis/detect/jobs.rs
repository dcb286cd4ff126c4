//! Keys are independent of each other, so they are judged side by side.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Jobs a worker takes at once: small enough to end together, large enough to seldom ask for more.
const SHARE: usize = 4;

/// The results of `count` independent jobs, in order, made by as many workers as there are processors.
pub fn side_by_side<T: Send>(count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    // Few jobs are done before the system has told how many processors there are.
    let shares = count.div_ceil(SHARE);
    let workers = if shares <= 1 { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let workers = workers.min(shares);
    if workers <= 1 {
        return (0..count).map(job).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(SHARE, Ordering::Relaxed);
            if start >= count {
                return done;
            }
            done.extend((start..(start + SHARE).min(count)).map(|at| (at, job(at))));
        }
    };
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_side_by_side_keep_their_order() {
        for count in [0, 1, 15, 16, 17, 1000] {
            assert_eq!(side_by_side(count, |at| at * 2), (0..count).map(|at| at * 2).collect::<Vec<_>>());
        }
    }
}
