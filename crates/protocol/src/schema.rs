//! JSON Schema of what goes over the wire.

use schemars::{Schema, generate::SchemaSettings};

use crate::{Request, ThreadStreamEvent};

/// The schema of every request.
pub fn request() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Request>()
}

/// The schema of every event of a stream.
pub fn event() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<ThreadStreamEvent>()
}
