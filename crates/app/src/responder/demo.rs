//! Stub.
#[derive(Debug)]
pub(crate) struct Demo;
