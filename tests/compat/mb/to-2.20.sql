-- Makes of a database of 2.19 one of MirrorBrain's development version 2.20: the same tables, columns and
-- types, as far as they differ.

CREATE EXTENSION IF NOT EXISTS ip4r;

CREATE TABLE serverpfx (
    pfxid    serial PRIMARY KEY,
    serverid integer NOT NULL,
    prefix   iprange NOT NULL,
    asn      integer NOT NULL
);
INSERT INTO serverpfx (serverid, prefix, asn)
SELECT id, prefix::iprange, asn FROM server WHERE prefix <> '';
ALTER TABLE server DROP COLUMN asn, DROP COLUMN prefix;

CREATE TABLE files (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path          varchar NOT NULL UNIQUE,
    path_hash     bytea GENERATED ALWAYS AS (sha256(path::bytea)) STORED,
    mtime         timestamp with time zone,
    size          bigint,
    md5           bytea,
    sha1          bytea,
    sha256        bytea,
    sha1piecesize integer,
    sha1pieces    bytea,
    btih          bytea,
    pgp           text,
    zblocksize    integer,
    zhashlens     varchar(8),
    zsums         bytea,
    created_at    timestamp(6) with time zone NOT NULL DEFAULT now(),
    updated_at    timestamp(6) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE server_files (
    server_id smallint NOT NULL REFERENCES server ON DELETE CASCADE,
    file_id   integer NOT NULL REFERENCES files ON DELETE CASCADE,
    UNIQUE (file_id, server_id)
);
-- Its tool stores the MD5 as text.
INSERT INTO files (path, mtime, size, md5, sha1, sha256, sha1piecesize, sha1pieces, btih, pgp,
                   zblocksize, zhashlens, zsums)
SELECT f.path, to_timestamp(h.mtime), h.size, encode(h.md5, 'hex')::bytea, h.sha1, h.sha256,
       h.sha1piecesize, h.sha1pieces, h.btih, h.pgp, h.zblocksize, h.zhashlens, h.zsums
  FROM filearr f LEFT JOIN hash h ON h.file_id = f.id;
INSERT INTO server_files (server_id, file_id)
SELECT m.id, n.id
  FROM filearr f JOIN files n USING (path), unnest(f.mirrors) m (id);

DROP VIEW hexhash;
DROP TABLE hash, filearr CASCADE;
