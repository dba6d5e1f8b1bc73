//! Who answers: the responders that come with the app.

mod demo;
mod playback;
#[cfg(test)]
mod testing;

pub(crate) use demo::Demo;
pub(crate) use playback::Playback;
