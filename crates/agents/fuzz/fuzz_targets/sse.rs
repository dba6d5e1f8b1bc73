//! The parser of event streams, with any bytes in any pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| chatkit_agents::fuzzing::sse(input));
