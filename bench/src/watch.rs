//! What a process uses from one time to another.

use std::{
    io,
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::process::{Memory, cpu_time, rss};

/// The resident memory of a process over a time, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sampled {
    pub(crate) samples: u64,
    pub(crate) mean_rss: u64,
    pub(crate) max_rss: u64,
}

/// Looks at a process's memory again and again, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<Sampled>,
}

/// How often memory is looked at. One look costs some microseconds.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

impl Sampler {
    /// Begins to look.
    pub(crate) fn start(pid: u32) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name("sampler".to_owned()).spawn(move || {
            let (mut sampled, mut sum) = (Sampled::default(), 0);
            loop {
                if let Ok(rss) = rss(pid) {
                    sampled.samples += 1;
                    sampled.max_rss = sampled.max_rss.max(rss);
                    sum += rss;
                }
                match stopped.recv_timeout(SAMPLE_EVERY) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            sampled.mean_rss = sum / sampled.samples.max(1);
            sampled
        })?;
        Ok(Self { stop, thread })
    }

    /// What was seen.
    pub(crate) fn stop(self) -> Sampled {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

/// What a process used from one time to another.
#[derive(Debug)]
pub(crate) struct Watch {
    pid: u32,
    cpu: Duration,
    start: Instant,
    sampler: Sampler,
}

/// What a [`Watch`] saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watched {
    pub(crate) cpu: Duration,
    pub(crate) time: Duration,
    pub(crate) memory: Memory,
    pub(crate) sampled: Sampled,
}

impl Watch {
    pub(crate) fn start(pid: u32) -> io::Result<Self> {
        let sampler = Sampler::start(pid)?;
        Ok(Self { pid, cpu: cpu_time(pid)?, start: Instant::now(), sampler })
    }

    pub(crate) fn stop(self) -> io::Result<Watched> {
        Ok(Watched {
            cpu: cpu_time(self.pid)?.saturating_sub(self.cpu),
            time: self.start.elapsed(),
            memory: Memory::of(self.pid)?,
            sampled: self.sampler.stop(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::process;

    use super::*;

    #[test]
    fn a_sampler_sees_memory_that_is_gone_again() {
        const SIZE: u64 = 64 << 20;
        let sampler = Sampler::start(process::id()).unwrap();
        let block = vec![1_u8; usize::try_from(SIZE).unwrap()];
        let start = Instant::now();
        // It has looked at least once while the block is there.
        while start.elapsed() < SAMPLE_EVERY * 4 {
            thread::yield_now();
        }
        assert!(block.iter().all(|&byte| byte == 1));
        drop(block);
        let sampled = sampler.stop();
        assert!(sampled.samples > 1 && sampled.max_rss > SIZE, "{sampled:?}");
        assert!(sampled.mean_rss <= sampled.max_rss);
    }

    #[test]
    fn a_watch_counts_work() {
        let watch = Watch::start(process::id()).unwrap();
        let before = cpu_time(process::id()).unwrap();
        while cpu_time(process::id()).unwrap() < before + Duration::from_millis(20) {}
        let watched = watch.stop().unwrap();
        assert!(watched.cpu >= Duration::from_millis(20), "{watched:?}");
        assert!(watched.time > Duration::ZERO && watched.sampled.samples > 0);
    }
}
