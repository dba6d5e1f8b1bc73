-- The order of threads is the order of `threads.place`: SQLite gives each new row a larger number.
CREATE TABLE threads (
    place INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    id    TEXT NOT NULL UNIQUE,
    body  TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX threads_of_owner ON threads (owner, place);

-- The order of a thread's items is the order of `seq`, which the store assigns.
CREATE TABLE items (
    row     INTEGER PRIMARY KEY,
    thread  INTEGER NOT NULL REFERENCES threads (place) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    hidden  INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    pending INTEGER NOT NULL CHECK (pending IN (0, 1)),
    body    TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX items_of_thread ON items (thread, seq);
CREATE UNIQUE INDEX items_by_id ON items (thread, id);
-- Pages for clients leave hidden items out at no cost, however many there are.
CREATE INDEX items_visible ON items (thread, seq) WHERE hidden = 0;
CREATE INDEX items_pending ON items (thread, seq) WHERE pending = 1;

CREATE TABLE attachments (
    row       INTEGER PRIMARY KEY,
    owner     TEXT NOT NULL,
    id        TEXT NOT NULL UNIQUE,
    thread_id TEXT,
    body      TEXT NOT NULL
) STRICT;

CREATE INDEX attachments_of_thread ON attachments (thread_id) WHERE thread_id IS NOT NULL;
