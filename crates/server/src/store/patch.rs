//! Changes to some fields of a thread.

use chatkit_protocol::{JsonObject, ThreadMetadata, ThreadStatus};
use serde_json::Value;

/// The fields of a thread that changed, so that two writers of different fields do not undo each
/// other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ThreadPatch {
    /// The new title; the inner `None` clears it.
    pub title: Option<Option<String>>,
    /// The new status.
    pub status: Option<ThreadStatus>,
    /// The new image domains; the inner `None` clears them.
    pub allowed_image_domains: Option<Option<Vec<String>>>,
    /// Metadata keys to set, or with `None` to remove.
    pub metadata: Vec<(String, Option<Value>)>,
}

impl ThreadPatch {
    /// The patch that makes `after` of `before`. Id and creation time never change.
    pub fn between(before: &ThreadMetadata, after: &ThreadMetadata) -> Self {
        Self {
            title: changed(&before.title, &after.title),
            status: changed(&before.status, &after.status),
            allowed_image_domains: changed(
                &before.allowed_image_domains,
                &after.allowed_image_domains,
            ),
            metadata: changed_keys(&before.metadata, &after.metadata),
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes the thread.
    pub fn apply(&self, thread: &mut ThreadMetadata) {
        if let Some(title) = &self.title {
            thread.title.clone_from(title);
        }
        if let Some(status) = &self.status {
            thread.status = status.clone();
        }
        if let Some(domains) = &self.allowed_image_domains {
            thread.allowed_image_domains.clone_from(domains);
        }
        for (key, value) in &self.metadata {
            match value {
                Some(value) => thread.metadata.insert(key.clone(), value.clone()),
                None => thread.metadata.remove(key),
            };
        }
    }
}

fn changed<T: PartialEq + Clone>(before: &T, after: &T) -> Option<T> {
    (before != after).then(|| after.clone())
}

fn changed_keys(before: &JsonObject, after: &JsonObject) -> Vec<(String, Option<Value>)> {
    let set = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), Some(value.clone())));
    let removed =
        before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), None));
    set.chain(removed).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn thread(title: Option<&str>, metadata: &Value) -> ThreadMetadata {
        let mut thread =
            ThreadMetadata::new("thr_1".into(), "2026-01-01T00:00:00Z".parse().unwrap());
        thread.title = title.map(str::to_owned);
        thread.metadata = metadata.as_object().cloned().unwrap();
        thread
    }

    #[test]
    fn a_patch_carries_only_what_changed() {
        let before = thread(Some("a"), &json!({"kept": 1, "changed": 1, "removed": 1}));
        let after = thread(None, &json!({"kept": 1, "changed": 2, "new": 3}));
        let patch = ThreadPatch::between(&before, &after);
        assert_eq!(patch.title, Some(None));
        assert_eq!(patch.status, None);

        let mut written_by_another = before.clone();
        written_by_another.status = ThreadStatus::Locked { reason: None };
        written_by_another.metadata.insert("theirs".to_owned(), json!(true));
        patch.apply(&mut written_by_another);

        let mut expected =
            thread(None, &json!({"kept": 1, "changed": 2, "new": 3, "theirs": true}));
        expected.status = ThreadStatus::Locked { reason: None };
        assert_eq!(written_by_another, expected);
        assert!(ThreadPatch::between(&after, &after).is_empty());
    }
}
