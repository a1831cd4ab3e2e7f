-- Mirrors on six continents, two files and a directory of packages, for the demonstration.

CREATE EXTENSION IF NOT EXISTS pgcrypto; -- digest(), for sha1

INSERT INTO server (identifier, baseurl, baseurl_ftp, baseurl_rsync, enabled, status_baseurl,
                    region, country, lat, lng, score, other_countries, as_only, asn, prefix,
                    scan_fpm, comment, operator_name, operator_url, public_notes, admin,
                    admin_email, country_only, region_only, prefix_only)
SELECT identifier, 'https://' || identifier || '.example.org/pub/', '', '', true, true,
       region, country, lat, lng, score, other_countries, as_only, asn, '',
       0, '', '', '', '', '', '', false, false, false
  FROM (VALUES
    ('berlin',    'eu', 'de',  52.52,   13.41, 100, '',      false, 680),
    ('munich',    'eu', 'de',  48.14,   11.58, 100, '',      false, 680),
    ('campus',    'eu', 'de',  49.01,    8.40, 100, '',      true,  64511),
    ('paris',     'eu', 'fr',  48.86,    2.35, 100, 'be,lu', false, 2200),
    ('new-york',  'na', 'us',  40.71,  -74.01, 200, '',      false, 64500),
    ('portland',  'na', 'us',  45.52, -122.68, 100, '',      false, 64501),
    ('sao-paulo', 'sa', 'br', -23.55,  -46.63, 100, '',      false, 64502),
    ('tokyo',     'as', 'jp',  35.68,  139.69, 100, '',      false, 64503),
    ('sydney',    'oc', 'au', -33.87,  151.21, 100, '',      false, 64504),
    ('cape-town', 'af', 'za', -33.92,   18.42, 100, '',      false, 64505)
  ) AS mirror (identifier, region, country, lat, lng, score, other_countries, as_only, asn);

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

INSERT INTO pfx2asn VALUES
    ('198.18.48.0/24', 64511), ('198.18.49.0/24', 64510), ('2001:db8:49::/48', 64510);
