//! Bytes by attachment id.

use std::{
    collections::HashMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use chatkit_server::protocol::AttachmentId;

/// Bytes kept in memory at most.
const MEMORY_LIMIT: usize = 256 * 1024 * 1024;

/// A folder of files, or memory.
pub(super) enum Blobs {
    Memory(Mutex<HashMap<AttachmentId, Bytes>>),
    Folder(PathBuf),
}

impl std::fmt::Debug for Blobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory(_) => f.write_str("Memory"),
            Self::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
        }
    }
}

impl Blobs {
    pub(super) fn in_memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// The folder is made with the first file.
    pub(super) fn in_folder(folder: &Path) -> io::Result<Self> {
        match std::fs::metadata(folder) {
            Ok(found) if !found.is_dir() => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Self::Folder(folder.to_owned())),
        }
    }

    /// Stores bytes; they are there as a whole or not at all.
    pub(super) async fn put(&self, id: &AttachmentId, bytes: Bytes) -> io::Result<()> {
        match self {
            Self::Memory(blobs) => {
                let mut blobs = lock(blobs);
                let used: usize = blobs.values().map(Bytes::len).sum();
                if used + bytes.len() > MEMORY_LIMIT {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                blobs.insert(id.clone(), bytes);
                Ok(())
            }
            Self::Folder(folder) => {
                let (folder, path) = (folder.clone(), file(folder, id)?);
                blocking(move || {
                    std::fs::create_dir_all(&folder)?;
                    let partial = path.with_extension("partial");
                    let mut file = std::fs::File::create(&partial)?;
                    file.write_all(&bytes)?;
                    file.sync_all()?;
                    std::fs::rename(partial, path)
                })
                .await
            }
        }
    }

    /// The bytes, if they were uploaded.
    pub(super) async fn get(&self, id: &AttachmentId) -> io::Result<Option<Bytes>> {
        match self {
            Self::Memory(blobs) => Ok(lock(blobs).get(id).cloned()),
            Self::Folder(folder) => {
                let path = file(folder, id)?;
                blocking(move || match std::fs::read(path) {
                    Ok(bytes) => Ok(Some(bytes.into())),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                })
                .await
            }
        }
    }

    pub(super) async fn delete(&self, id: &AttachmentId) -> io::Result<()> {
        match self {
            Self::Memory(blobs) => {
                lock(blobs).remove(id);
                Ok(())
            }
            Self::Folder(folder) => {
                let path = file(folder, id)?;
                blocking(move || match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                })
                .await
            }
        }
    }
}

/// Ids come from outside: only those that this server mints name a file.
fn file(folder: &Path, id: &AttachmentId) -> io::Result<PathBuf> {
    let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !id.is_empty();
    if plain { Ok(folder.join(id.as_str())) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

fn lock(
    blobs: &Mutex<HashMap<AttachmentId, Bytes>>,
) -> MutexGuard<'_, HashMap<AttachmentId, Bytes>> {
    blobs.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
