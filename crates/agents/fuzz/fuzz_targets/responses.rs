//! The converter of events of the Responses API, with any lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| chatkit_agents::fuzzing::responses(input));
