//! The store in memory keeps all rules.

use chatkit_server::MemoryStore;

chatkit_testkit::store_conformance!(|| async { MemoryStore::new() });
