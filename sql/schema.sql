-- The database of a MirrorBrain 2.19 site: the same tables, columns, types, view and functions,
-- so that the modules here and the original tools can share one database. It stays as it is: what
-- came later is in migrations/, for new databases too.

-- Which release of which component last changed the schema.
-- The original tools read the row of mirrorbrain; without the column id they drop this table.
CREATE TABLE version (
    id         serial PRIMARY KEY,
    component  text    NOT NULL,
    major      integer NOT NULL,
    minor      integer NOT NULL,
    patchlevel integer NOT NULL
);

INSERT INTO version (component, major, minor, patchlevel) VALUES ('mirrorbrain', 2, 19, 0);

-- One row per mirror.
CREATE TABLE server (
    id              serial PRIMARY KEY,
    identifier      varchar(64)  NOT NULL UNIQUE,
    baseurl         varchar(128) NOT NULL,  -- HTTP(S) or FTP; what clients are sent to
    baseurl_ftp     varchar(128) NOT NULL,  -- for scanning only
    baseurl_rsync   varchar(128) NOT NULL,  -- for scanning only
    enabled         boolean      NOT NULL,  -- switched by the administrator
    status_baseurl  boolean      NOT NULL,  -- switched by the mirror probe
    region          varchar(2)   NOT NULL,  -- continent, region.code
    country         varchar(2)   NOT NULL,  -- ISO 3166-1 alpha-2 in lower case; ** for everywhere
    asn             integer      NOT NULL,
    prefix          varchar(18)  NOT NULL,  -- CIDR; wide enough for IPv4 only
    ipv6_only       boolean      NOT NULL DEFAULT false,  -- its host has no IPv4 address
    score           smallint     NOT NULL,  -- weight; 0 takes the mirror out
    scan_fpm        integer      NOT NULL,  -- files per minute of the last scan
    last_scan       timestamp with time zone,
    comment         text         NOT NULL,
    operator_name   varchar(128) NOT NULL,
    operator_url    varchar(128) NOT NULL,
    public_notes    varchar(512) NOT NULL,
    admin           varchar(128) NOT NULL,
    admin_email     varchar(128) NOT NULL,
    lat             numeric(6,3),           -- degrees, north positive
    lng             numeric(6,3),           -- degrees, east positive
    country_only    boolean      NOT NULL,  -- the four *_only columns restrict who is sent here
    region_only     boolean      NOT NULL,
    as_only         boolean      NOT NULL,
    prefix_only     boolean      NOT NULL,
    other_countries varchar(512) NOT NULL,  -- comma-separated country codes served as their own
    file_maxsize    integer      NOT NULL DEFAULT 0  -- bytes; 0 is no limit
);

CREATE INDEX server_enabled_status_baseurl_score_key
    ON server (enabled, status_baseurl, score);

-- One row per file, with the ids of the mirrors that have it.
CREATE TABLE filearr (
    id      serial PRIMARY KEY,
    path    varchar(512) NOT NULL UNIQUE,   -- relative to the base, without a leading slash
    mirrors smallint[]
);

-- What is known of a file's content. A row counts only while mtime and size match the file.
CREATE TABLE hash (
    file_id       integer PRIMARY KEY REFERENCES filearr,
    mtime         integer  NOT NULL,        -- seconds since the epoch
    size          bigint   NOT NULL,        -- bytes
    md5           bytea    NOT NULL,
    sha1          bytea    NOT NULL,
    sha256        bytea    NOT NULL,
    sha1piecesize integer  NOT NULL,        -- bytes
    sha1pieces    bytea    NOT NULL,        -- 20 bytes for each piece
    btih          bytea    NOT NULL,        -- BitTorrent info hash, version 1
    pgp           text     NOT NULL,        -- ASCII-armoured detached signature
    zblocksize    smallint NOT NULL,        -- zsync block size in bytes; 0 if there are no sums
    zhashlens     varchar(8),               -- zsync Hash-Lengths, such as 2,2,5
    zsums         bytea    NOT NULL         -- zsync block sums
);

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

-- Files whose presence tells that a mirror carries a subtree.
CREATE TABLE marker (
    id           serial PRIMARY KEY,
    subtree_name varchar(128) NOT NULL,
    markers      varchar(512) NOT NULL
);

CREATE TABLE country (
    id   serial PRIMARY KEY,
    code varchar(2)  NOT NULL,
    name varchar(64) NOT NULL
);

CREATE TABLE region (
    id   serial PRIMARY KEY,
    code varchar(2)  NOT NULL,
    name varchar(64) NOT NULL
);

-- Record that a mirror has a file. 1 if that is news, 0 if it was known or there is no such file.
CREATE FUNCTION mirr_add_byid(arg_serverid integer, arg_fileid integer) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE filearr
       SET mirrors = mirrors || arg_serverid::smallint
     WHERE id = arg_fileid
       AND arg_serverid <> ALL (coalesce(mirrors, '{}'));
    RETURN found::integer;
END
$$;

-- The same by path; a file not seen before gets a row. The file's id.
CREATE FUNCTION mirr_add_bypath(arg_serverid integer, arg_path text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    fileid integer;
BEGIN
    LOOP
        SELECT f.id INTO fileid FROM filearr f WHERE f.path = arg_path;
        IF found THEN
            PERFORM mirr_add_byid(arg_serverid, fileid);
            RETURN fileid;
        END IF;
        -- Only now, because a rejected INSERT uses up a number of the 31-bit sequence.
        INSERT INTO filearr (path, mirrors)
             VALUES (arg_path, ARRAY[arg_serverid::smallint])
        ON CONFLICT (path) DO NOTHING
          RETURNING id INTO fileid;
        IF found THEN
            RETURN fileid;
        END IF;
        -- Another scanner was faster: go round and join its row.
    END LOOP;
END
$$;

-- Record that a mirror has lost a file. 1 if it was listed, else 0. The row stays.
CREATE FUNCTION mirr_del_byid(arg_serverid integer, arg_fileid integer) RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE filearr
       SET mirrors = array_remove(mirrors, arg_serverid::smallint)
     WHERE id = arg_fileid
       AND arg_serverid = ANY (mirrors);
    RETURN found::integer;
END
$$;

CREATE FUNCTION mirr_hasfile_byid(arg_serverid integer, arg_fileid integer) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM filearr
                    WHERE id = arg_fileid AND arg_serverid = ANY (mirrors))
$$;

CREATE FUNCTION mirr_hasfile_byname(arg_serverid integer, arg_path text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM filearr
                    WHERE path = arg_path AND arg_serverid = ANY (mirrors))
$$;

-- A mirror's identifier; NULL if there is no such mirror.
CREATE FUNCTION mirr_get_name(integer) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT identifier::text FROM server WHERE id = $1
$$;

-- The identifiers of a list of mirrors, in the order of the list.
CREATE FUNCTION mirr_get_name(ids smallint[]) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY (SELECT s.identifier::text
                    FROM unnest(ids) WITH ORDINALITY AS wanted (id, place)
                    LEFT JOIN server s USING (id)
                   ORDER BY wanted.place)
$$;

-- How many files a mirror has, by id and by identifier. Reads the whole of filearr.
CREATE FUNCTION mirr_get_nfiles(integer) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM filearr WHERE $1 = ANY (mirrors)
$$;

CREATE FUNCTION mirr_get_nfiles(text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM filearr
     WHERE (SELECT id FROM server WHERE identifier = $1) = ANY (mirrors)
$$;
