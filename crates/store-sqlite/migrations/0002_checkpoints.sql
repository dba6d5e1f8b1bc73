-- What turns under way have shown so far, for the start after a crash: at most one row per thread,
-- which goes with its thread.
CREATE TABLE checkpoints (
    thread INTEGER PRIMARY KEY REFERENCES threads (place) ON DELETE CASCADE,
    items  TEXT NOT NULL
) STRICT;
