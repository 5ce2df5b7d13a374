//! Pieces of work in threads of their own, one core each.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::observer::Observer;
use crate::pipeline::error::{Error, Result, Sort};
use crate::train::Outcome;

/// Time between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Observer of work in a thread: it knows only whether to stop.
struct InThread<'a>(&'a AtomicBool);

impl Observer for InThread<'_> {
    fn stop_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How pieces of work are done.
pub(super) struct Workers {
    /// Threads, each with one core; 0 is one a core.
    pub(super) threads: usize,
    /// When no further piece is begun.
    pub(super) deadline: Option<Instant>,
    /// Pieces that are begun even so.
    pub(super) least: usize,
}

impl Workers {
    /// Does pieces of work, and hands over what each brings, in the order in which they end. `job` gives nothing where it was asked
    /// to stop. The first error stops all.
    ///
    /// # Errors
    /// Those of `job` and `found`; [`Error::Io`]: there are no threads.
    pub(super) fn run<W: Sync, T: Send>(
        &self,
        work: &[W],
        observer: &mut dyn Observer,
        job: impl Fn(&W, &mut dyn Observer) -> Result<Option<T>> + Sync,
        mut found: impl FnMut(T, &mut dyn Observer) -> Result<()>,
    ) -> Result<Outcome> {
        let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
        let threads = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
            threads => threads,
        };
        let pool = || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
            pool.map_err(anyhow::Error::from).sort(Error::Io)
        };
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            for _ in 0..threads.min(work.len()) {
                let sender = sender.clone();
                let pool = pool()?;
                let (stop, next, job) = (&stop, &next, &job);
                scope.spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(piece) = work.get(number) else {
                            break;
                        };
                        let is_late = number >= self.least
                            && (self.deadline).is_some_and(|deadline| Instant::now() > deadline);
                        if is_late || stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let result = pool.install(|| job(piece, &mut InThread(stop)));
                        if sender.send(result).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut first_error = None;
            loop {
                if observer.stop_requested() {
                    stop.store(true, Ordering::Relaxed);
                }
                let result = match receiver.recv_timeout(LOOK) {
                    Ok(result) => result,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                let kept = result.and_then(|result| match result {
                    Some(result) => found(result, observer),
                    None => Ok(()),
                });
                if let Err(error) = kept {
                    stop.store(true, Ordering::Relaxed);
                    first_error.get_or_insert(error);
                }
            }
            match first_error {
                Some(error) => Err(error),
                None if stop.load(Ordering::Relaxed) => Ok(Outcome::Interrupted),
                None => Ok(Outcome::Finished),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;
    use crate::pipeline::error::Fault;

    const WORKERS: Workers = Workers {
        threads: 2,
        deadline: None,
        least: 0,
    };

    #[test]
    fn all_work_is_done_once() {
        let work: Vec<usize> = (0..20).collect();
        let mut found = Vec::new();
        let outcome = WORKERS.run(
            &work,
            &mut Silent,
            |&i, _| Ok(Some(i * i)),
            |square, _| {
                found.push(square);
                Ok(())
            },
        );
        assert_eq!(outcome.expect("done"), Outcome::Finished);
        found.sort_unstable();
        assert!(found.into_iter().eq((0..20).map(|i| i * i)));
    }

    #[test]
    fn errors_and_deadlines_stop_it() {
        let work: Vec<usize> = (0..20).collect();
        let failing = |&i: &usize, _: &mut dyn Observer| match i {
            3 => Err(Error::Config(Fault::new("three"))),
            i => Ok(Some(i)),
        };
        let outcome = WORKERS.run(&work, &mut Silent, failing, |_, _| Ok(()));
        assert_eq!(outcome.expect_err("it fails").to_string(), "three");
        let late = Workers {
            deadline: Some(Instant::now()),
            ..WORKERS
        };
        std::thread::sleep(Duration::from_millis(2));
        let outcome = late.run(
            &work,
            &mut Silent,
            |&i, _| Ok(Some(i)),
            |_, _| panic!("too late"),
        );
        assert_eq!(outcome.expect("nothing"), Outcome::Finished);
        let some = Workers { least: 3, ..late };
        let mut found = Vec::new();
        let keep = |i, _: &mut dyn Observer| {
            found.push(i);
            Ok(())
        };
        let outcome = some.run(&work, &mut Silent, |&i, _| Ok(Some(i)), keep);
        assert_eq!(outcome.expect("some"), Outcome::Finished);
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2]);
    }
}
