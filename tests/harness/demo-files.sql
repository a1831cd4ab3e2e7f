-- What scanning and probing the mirrors, which nobody runs, would find, and the hashes of the files:
-- two files and a directory of packages, for the demonstration.

CREATE EXTENSION IF NOT EXISTS pgcrypto; -- digest(), for sha1

UPDATE server SET status_baseurl = true;

-- Every mirror has the image; those of the southern hemisphere lack the archive.
INSERT INTO filearr (path, mirrors)
SELECT 'releases/orange-1.0.iso', array_agg(id::smallint) FROM server
UNION ALL
SELECT 'releases/orange-1.0.tar.gz', array_agg(id::smallint) FROM server WHERE lat > 0
UNION ALL
SELECT 'repo/9/os/repodata/repomd.xml', array_agg(id::smallint) FROM server;

-- The files are all zeros, so their hashes can be made here. The info hash is the SHA-1 of the
-- bencoded info dictionary (BEP 3). All blocks are alike for zsync, too: the last two bytes of the
-- rolling sum (0), the first four of the MD4 of 2048 zeros.
WITH file AS (
    SELECT f.id, 1700000000 AS mtime, 1048576 AS size, 262144 AS piecesize,
           substring(f.path FROM '[^/]*$') AS name,
           decode(repeat('00', 1048576), 'hex') AS content,
           decode(repeat('00', 262144), 'hex') AS piece
      FROM filearr f WHERE path LIKE 'releases/%'
), hashed AS (
    SELECT id, mtime, size, name, piecesize,
           digest(content, 'md5') AS md5,
           digest(content, 'sha1') AS sha1,
           digest(content, 'sha256') AS sha256,
           decode(repeat(encode(digest(piece, 'sha1'), 'hex'), size / piecesize), 'hex') AS pieces
      FROM file
)
INSERT INTO hash
SELECT id, mtime, size, md5, sha1, sha256, piecesize, pieces,
       digest(convert_to(format('d6:lengthi%se6:md5sum32:%s4:name%s:%s12:piece lengthi%se6:pieces%s:',
                                size, encode(md5, 'hex'), length(name), name, piecesize,
                                length(pieces)), 'UTF8')
              || pieces || '4:sha120:'::bytea || sha1 || '6:sha25632:'::bytea || sha256
              || 'e'::bytea, 'sha1'),
       '', 2048, '2,2,4', decode(repeat('0000e7b9e6b0', size / 2048), 'hex')
  FROM hashed;
