//! The process as the kernel sees it, by the names that Prometheus gives these figures everywhere.
//! Where there is no `/proc`, they are absent.

use std::{fmt, fs};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};

/// The unit of times in `/proc`: a hundredth of a second on all but a few old machines.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads the figures when they are asked for.
#[derive(Debug)]
pub(crate) struct Process {
    /// In seconds since 1970.
    started: Option<f64>,
}

impl Process {
    pub(crate) fn new() -> Self {
        Self { started: start_time(&read("self/stat"), &read("stat")) }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut write = |name, help, unit: Option<&Unit>, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, unit, metric.metric_type())?)
        };
        if let Some(bytes) = resident_bytes(&read("self/status")) {
            let help = "Memory that the process has in RAM.";
            write("process_resident_memory", help, Some(&Unit::Bytes), &ConstGauge::new(bytes))?;
        }
        if let Some(seconds) = cpu_seconds(&read("self/stat")) {
            let help = "Time on processors, in the program and in the kernel.";
            write("process_cpu", help, Some(&Unit::Seconds), &ConstCounter::new(seconds))?;
        }
        if let Some(count) = open_files() {
            let help = "Open file descriptors, connections among them.";
            write("process_open_fds", help, None, &ConstGauge::new(count))?;
        }
        if let Some(seconds) = self.started {
            let help = "When the process started, since 1970.";
            write("process_start_time", help, Some(&Unit::Seconds), &ConstGauge::new(seconds))?;
        }
        Ok(())
    }
}

/// A file of `/proc`; empty where there is none.
fn read(name: &str) -> String {
    fs::read_to_string(format!("/proc/{name}")).unwrap_or_default()
}

/// One of the files is the folder, which is open while it is read.
fn open_files() -> Option<u64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(count.saturating_sub(1)).ok()
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// A field of `/proc/PID/stat`, counted as its manual does. The second one, the name of the
/// program, may hold anything, parentheses too.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_field(stat, 14)? + stat_field(stat, 15)?) / TICKS_PER_SECOND)
}

/// From the process' start since the machine booted, and when that was.
fn start_time(stat: &str, machine: &str) -> Option<f64> {
    let booted: f64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.parse().ok()?;
    Some(booted + stat_field(stat, 22)? / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (chat) kit 1) S 1 42 42 0 -1 4194304 900 0 0 0 250 50 0 0 20 0 4 0 \
                        123400 223456789 1000 18446744073709551615";

    #[test]
    fn figures_are_read_from_the_kernels_words() {
        assert_eq!(cpu_seconds(STAT), Some(3.0));
        assert_eq!(start_time(STAT, "cpu 1 2\nbtime 1700000000\nctxt 1\n"), Some(1_700_001_234.0));
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2 * 1024 * 1024));
    }

    #[test]
    fn what_is_not_there_is_absent() {
        for text in ["", "42 (x)", "VmRSS:", "VmRSS: many kB", "VmRSS: 18446744073709551615 kB"] {
            assert_eq!(cpu_seconds(text), None);
            assert_eq!(resident_bytes(text), None);
            assert_eq!(start_time(text, "btime 1"), None);
        }
        assert_eq!(start_time(STAT, ""), None);
    }
}
