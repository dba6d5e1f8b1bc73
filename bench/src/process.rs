//! What a process has used, as the Linux kernel tells it.

use std::{fs, io, time::Duration};

use serde::Serialize;

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    /// All pages that are in memory, those of files included.
    pub(crate) rss: u64,
    /// Pages that belong to this process alone and were written to: its heap and stacks.
    pub(crate) private_dirty: u64,
    /// The most that was in memory at any time.
    pub(crate) peak_rss: u64,
    pub(crate) threads: u64,
}

/// Time on a CPU of all threads that a process has, to the nanosecond. Of threads that have ended
/// nothing is known; a kernel that does not count so gives [`cpu_time`].
pub(crate) fn exact_cpu_time(pid: u32) -> io::Result<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while it is being looked at.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        nanos += text
            .split_ascii_whitespace()
            .next()
            .and_then(|nanos| nanos.parse::<u64>().ok())
            .unwrap_or_default();
    }
    if nanos == 0 { cpu_time(pid) } else { Ok(Duration::from_nanos(nanos)) }
}

/// All pages of a process that are in memory, in bytes: a quicker look than [`Memory::of`].
pub(crate) fn rss(pid: u32) -> io::Result<u64> {
    Ok(field(&read(pid, "status")?, "VmRSS")? * 1024)
}

/// The kernel counts CPU time for programs in hundredths of a second on every platform.
const TICKS_PER_SECOND: u64 = 100;

impl Memory {
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        let status = read(pid, "status")?;
        let rollup = read(pid, "smaps_rollup")?;
        Ok(Self {
            rss: field(&status, "VmRSS")? * 1024,
            private_dirty: field(&rollup, "Private_Dirty")? * 1024,
            peak_rss: field(&status, "VmHWM")? * 1024,
            threads: field(&status, "Threads")?,
        })
    }
}

/// CPU time of all threads of a process since it began, in user mode and in the kernel, to a
/// hundredth of a second.
pub(crate) fn cpu_time(pid: u32) -> io::Result<Duration> {
    let stat = read(pid, "stat")?;
    // The name of the program stands in parentheses and may hold anything.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks: u64 = fields
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().map_err(|_| missing("the CPU time")))
        .sum::<io::Result<u64>>()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

/// How many files and sockets a process has open.
pub(crate) fn open_files(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

fn read(pid: u32, file: &str) -> io::Result<String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path)
        .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))
}

/// The number behind `name:`.
fn field(text: &str, name: &str) -> io::Result<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok())
        .ok_or_else(|| missing(name))
}

fn missing(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the kernel does not tell {what}"))
}

#[cfg(test)]
mod tests {
    use std::{process, time::Instant};

    use super::*;

    #[test]
    fn memory_that_is_written_to_counts() {
        const SIZE: usize = 64 << 20;
        let before = Memory::of(process::id()).unwrap();
        let block = vec![1_u8; SIZE];
        let after = Memory::of(process::id()).unwrap();
        assert!(block.iter().all(|&byte| byte == 1));
        for (before, after) in
            [(before.rss, after.rss), (before.private_dirty, after.private_dirty)]
        {
            let grown = after.saturating_sub(before);
            assert!(grown > (SIZE as u64) * 9 / 10, "{before} {after}");
        }
        assert!(after.threads >= 1 && after.peak_rss >= after.rss);
    }

    #[test]
    fn work_costs_cpu_time() {
        let before = cpu_time(process::id()).unwrap();
        let start = Instant::now();
        while cpu_time(process::id()).unwrap() < before + Duration::from_millis(30) {
            assert!(start.elapsed() < Duration::from_secs(60), "no CPU time is counted");
        }
    }

    #[test]
    fn work_costs_exact_cpu_time() {
        let before = exact_cpu_time(process::id()).unwrap();
        let start = Instant::now();
        while exact_cpu_time(process::id()).unwrap() < before + Duration::from_millis(30) {
            assert!(start.elapsed() < Duration::from_secs(60), "no CPU time is counted");
        }
        assert!(start.elapsed() > Duration::from_micros(100));
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Memory::of(u32::MAX).is_err());
        assert!(cpu_time(u32::MAX).is_err() && exact_cpu_time(u32::MAX).is_err());
        assert!(open_files(u32::MAX).is_err());
    }
}
