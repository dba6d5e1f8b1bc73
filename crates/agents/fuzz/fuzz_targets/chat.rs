//! The converter of chunks of Chat Completions, with any lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chatkit_agents::fuzzing::chat(input));
