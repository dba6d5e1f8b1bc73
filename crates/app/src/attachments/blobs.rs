//! Bytes by attachment id.

use std::{
    collections::HashMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use chatkit_server::{new_attachment_id, protocol::AttachmentId};

/// Bytes kept in memory at most.
const MEMORY_LIMIT: usize = 256 * 1024 * 1024;

/// A folder of files, or memory.
pub(super) enum Blobs {
    Memory(Mutex<HashMap<AttachmentId, Bytes>>),
    Folder(PathBuf),
}

/// Bytes that were written but are not there yet. Dropped, they are gone.
pub(super) enum Staged {
    Memory(AttachmentId, Bytes),
    File { partial: Partial, path: PathBuf },
}

/// A file that goes away unless it gets its name.
pub(super) struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(file = %self.0.display(), %error, "a partial upload was left");
            }
            _ => {}
        }
    }
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

    /// Writes bytes to where nobody reads them, so that they are there as a whole or not at all.
    pub(super) async fn stage(&self, id: &AttachmentId, bytes: Bytes) -> io::Result<Staged> {
        match self {
            Self::Memory(_) => Ok(Staged::Memory(id.clone(), bytes)),
            Self::Folder(folder) => {
                let (folder, path) = (folder.clone(), file(folder, id)?);
                blocking(move || {
                    std::fs::create_dir_all(&folder)?;
                    // Two uploads at once must not write into one file.
                    let partial = path.with_extension(format!("{}.partial", new_attachment_id()));
                    let mut file = std::fs::File::create_new(&partial)?;
                    let partial = Partial(partial);
                    file.write_all(&bytes)?;
                    file.sync_all()?;
                    Ok(Staged::File { partial, path })
                })
                .await
            }
        }
    }

    /// Makes staged bytes those of their attachment.
    pub(super) async fn commit(&self, staged: Staged) -> io::Result<()> {
        match (self, staged) {
            (Self::Memory(blobs), Staged::Memory(id, bytes)) => {
                let mut blobs = lock(blobs);
                let used: usize = blobs.values().map(Bytes::len).sum();
                if used.saturating_add(bytes.len()) > MEMORY_LIMIT {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                blobs.insert(id, bytes);
                Ok(())
            }
            (_, Staged::File { partial, path }) => {
                blocking(move || std::fs::rename(&partial.0, path)).await
            }
            (Self::Folder(_), Staged::Memory(..)) => Err(io::ErrorKind::InvalidInput.into()),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    #[tokio::test]
    async fn uploads_at_once_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let id = new_attachment_id();
        for blobs in [Blobs::in_memory(), Blobs::in_folder(folder.path()).unwrap()] {
            let first = blobs.stage(&id, Bytes::from_static(b"first")).await.unwrap();
            let second = blobs.stage(&id, Bytes::from_static(b"2")).await.unwrap();
            assert_eq!(blobs.get(&id).await.unwrap(), None, "nothing was committed");
            blobs.commit(first).await.unwrap();
            drop(second);
            assert_eq!(blobs.get(&id).await.unwrap(), Some(Bytes::from_static(b"first")));
        }
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "a partial file is left");
    }
}
