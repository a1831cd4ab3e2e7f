-- What the scanner keeps. No column or table here references another: the original tools delete and
-- empty theirs as they always did, and what is left behind then is of ids that never come back.

-- The version that the mirrors of a row hold, which is the origin's. NULL: not known, nothing is checked.
ALTER TABLE filearr ADD COLUMN IF NOT EXISTS size bigint;   -- bytes
ALTER TABLE filearr ADD COLUMN IF NOT EXISTS mtime bigint;  -- seconds since the epoch

-- Copies that are not the right ones: their mirrors do not stand in filearr.mirrors.
CREATE TABLE IF NOT EXISTS deviation (
    mirror  integer NOT NULL,               -- server.id
    file_id integer NOT NULL,               -- filearr.id
    kind    text    NOT NULL,               -- size, outdated, newer, too large, empty
    size    bigint,                         -- of the copy; NULL: the listing does not tell it
    mtime   bigint,
    seen    timestamp with time zone NOT NULL DEFAULT now(),  -- when it was found to be so
    PRIMARY KEY (mirror, file_id)
);

CREATE INDEX IF NOT EXISTS deviation_file_id_key ON deviation (file_id);

-- One row for each scan that has ended.
CREATE TABLE IF NOT EXISTS scan (
    id        bigserial PRIMARY KEY,
    mirror    integer,                      -- server.id; NULL: the origin
    protocol  text,                         -- rsync, ftp, http, local; NULL: none answered
    started   timestamp with time zone NOT NULL,
    finished  timestamp with time zone NOT NULL DEFAULT now(),
    subtree   text    NOT NULL DEFAULT '',  -- the directory that was scanned; '' for all
    entries   bigint  NOT NULL,             -- what the mirror listed
    files     bigint  NOT NULL,             -- of these, files that count
    added     bigint  NOT NULL,
    removed   bigint  NOT NULL,
    deviating bigint  NOT NULL,
    surplus   bigint  NOT NULL,             -- files that the origin does not have
    bytes     bigint  NOT NULL,             -- that the listing took, as far as is known
    outcome   text    NOT NULL,             -- complete, incomplete, held, failed
    error     text                          -- one line; NULL if there was none
);

CREATE INDEX IF NOT EXISTS scan_mirror_key ON scan (mirror, id);

-- What a mirror had at its last scan: ids of filearr as a Roaring bitmap (RoaringFormatSpec, 32 bits).
-- It counts only while last_scan is that of server; else filearr itself is read.
CREATE TABLE IF NOT EXISTS scan_snapshot (
    mirror    integer PRIMARY KEY,          -- server.id
    last_scan timestamp with time zone NOT NULL,
    files     bytea NOT NULL
);

-- Removals that wait for a second scan that agrees, or for --force.
CREATE TABLE IF NOT EXISTS scan_held (
    mirror integer PRIMARY KEY,             -- server.id
    since  timestamp with time zone NOT NULL DEFAULT now(),
    files  bytea NOT NULL                   -- what would go, as in scan_snapshot
);

-- Files of the origin by the scan that last found them new or changed, for scans of what has changed.
CREATE TABLE IF NOT EXISTS origin_change (
    file_id integer PRIMARY KEY,            -- filearr.id
    scan    bigint NOT NULL                 -- scan.id, of the origin
);

-- When which mirror is scanned next. Workers take rows with FOR UPDATE SKIP LOCKED, and hold them
-- until `lease`, which they put off while they work.
CREATE TABLE IF NOT EXISTS job (
    id     bigserial PRIMARY KEY,
    kind   text    NOT NULL,                -- scan
    mirror integer NOT NULL,                -- server.id
    due    timestamp with time zone NOT NULL,
    worker text,                            -- host and process that has it, or had it last
    lease  timestamp with time zone,        -- whose it is until then; NULL: nobody's
    failed integer NOT NULL DEFAULT 0,      -- how often in a row it failed
    UNIQUE (kind, mirror)
);

CREATE INDEX IF NOT EXISTS job_due_key ON job (due);
