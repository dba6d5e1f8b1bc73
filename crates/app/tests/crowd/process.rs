//! What a process takes, as the kernel tells (Linux). Elsewhere it is not looked at.

use std::fs;

/// How much more memory may be taken after a wave than after the one before it, for each stream.
/// A run alone that is not given back takes several times as much.
const SLACK_KIB: usize = 2;

/// Makes sure that this process and those that it starts may have a connection per stream.
pub(crate) fn allow_open_files(streams: usize) {
    let wanted = 2 * streams as u64 + 300;
    let allowed = rlimit::increase_nofile_limit(wanted).unwrap_or_default();
    assert!(
        allowed >= wanted,
        "{streams} streams take {wanted} open files, {allowed} are allowed: raise `ulimit -n`, \
         or set CHATKIT_CROWD_STREAMS",
    );
}

/// How many files and sockets are open, without those of the database: it opens some when it first
/// needs them.
pub(crate) fn open_files(process: u32) -> usize {
    let entries = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten();
    let targets = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| !target.to_string_lossy().contains(".db")).count()
}

/// The memory that is taken, in KiB.
pub(crate) fn memory(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

/// Whether the last wave took more than those before it. The waves were alike, so that it should
/// have made do with what they took.
pub(crate) fn has_grown(after_waves: &[usize], streams: usize) -> bool {
    let Some((last, before)) = after_waves.split_last() else { return false };
    let most = before.iter().max().copied().unwrap_or_default();
    *last > most + SLACK_KIB * streams.max(1000)
}
