"""What `bench/compare` measures, one subject a file."""
