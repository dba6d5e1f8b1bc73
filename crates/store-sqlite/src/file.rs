//! The file and its lock.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
    process,
};

use crate::error::OpenError;

/// The exclusive right to open a database, for as long as the value lives.
///
/// The lock belongs to the open file, so the operating system releases it when the process ends.
/// The file itself stays: to remove it would let two processes lock two files of the same name.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

/// The one absolute name of a database, so that two ways to the same file find the same lock.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    if let Ok(existing) = fs::canonicalize(path) {
        return if existing.is_file() {
            Ok(existing)
        } else {
            Err(OpenError::NotAFile { path: path.to_owned() })
        };
    }
    let Some(name) = path.file_name() else {
        return Err(OpenError::NotAFile { path: path.to_owned() });
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = fs::canonicalize(folder).map_err(|error| OpenError::io(path, error))?;
    if !folder.is_dir() {
        return Err(OpenError::NoFolder { path: path.to_owned() });
    }
    Ok(folder.join(name))
}

impl FileLock {
    /// Takes the lock of the database at `path`, or fails at once.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let lock_path = beside(path, ".lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(lock_path)
            .map_err(|error| OpenError::io(path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked { path: path.to_owned(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::io(path, error)),
        }
        file.set_len(0)
            .and_then(|()| write!(file, "{}", process::id()))
            .map_err(|error| OpenError::io(path, error))?;
        Ok(Self { _file: file })
    }
}

/// The path with something appended to its file name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
}
