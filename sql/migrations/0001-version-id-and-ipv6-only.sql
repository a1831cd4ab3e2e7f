-- What MirrorBrain 2.19 has, for databases of 2.13 to 2.18 and those made from an earlier
-- schema.sql of this project: version.id (without it the original tools drop the table version
-- and make their own), server.ipv6_only, and the hashes, which came with 2.13. Also the table that records
-- migrations.

CREATE TABLE IF NOT EXISTS migration (
    number  integer PRIMARY KEY,
    name    text                     NOT NULL,
    applied timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS version (
    id         serial PRIMARY KEY,
    component  text    NOT NULL,
    major      integer NOT NULL,
    minor      integer NOT NULL,
    patchlevel integer NOT NULL
);

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute
                    WHERE attrelid = 'version'::regclass AND attname = 'id' AND NOT attisdropped)
    THEN
        ALTER TABLE version DROP CONSTRAINT IF EXISTS version_pkey;
        ALTER TABLE version ADD COLUMN id serial PRIMARY KEY;
    END IF;
END
$$;

-- As the original tools do at their first call: an older row is raised, a newer one stays.
INSERT INTO version (component, major, minor, patchlevel)
     SELECT 'mirrorbrain', 2, 19, 0
      WHERE NOT EXISTS (SELECT FROM version WHERE component = 'mirrorbrain');

UPDATE version SET major = 2, minor = 19, patchlevel = 0
 WHERE component = 'mirrorbrain' AND (major, minor, patchlevel) < (2, 19, 0);

ALTER TABLE server ADD COLUMN IF NOT EXISTS ipv6_only boolean NOT NULL DEFAULT false;

-- As in schema.sql.
CREATE TABLE IF NOT EXISTS hash (
    file_id       integer PRIMARY KEY REFERENCES filearr,
    mtime         integer  NOT NULL,
    size          bigint   NOT NULL,
    md5           bytea    NOT NULL,
    sha1          bytea    NOT NULL,
    sha256        bytea    NOT NULL,
    sha1piecesize integer  NOT NULL,
    sha1pieces    bytea    NOT NULL,
    btih          bytea    NOT NULL,
    pgp           text     NOT NULL,
    zblocksize    smallint NOT NULL,
    zhashlens     varchar(8),
    zsums         bytea    NOT NULL
);

DO $$
BEGIN
    IF to_regclass('hexhash') IS NULL THEN
        CREATE VIEW hexhash AS
            SELECT file_id, mtime, size,
                   md5,        encode(md5, 'hex')        AS md5hex,
                   sha1,       encode(sha1, 'hex')       AS sha1hex,
                   sha256,     encode(sha256, 'hex')     AS sha256hex,
                   sha1piecesize,
                   sha1pieces, encode(sha1pieces, 'hex') AS sha1pieceshex,
                   btih,       encode(btih, 'hex')       AS btihhex,
                   pgp,
                   zblocksize, zhashlens,
                   zsums,      encode(zsums, 'hex')      AS zsumshex
              FROM hash;
    END IF;
END
$$;
