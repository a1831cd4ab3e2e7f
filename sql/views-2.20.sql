-- For a database of MirrorBrain's development version (2.20): shows its tables as those of 2.19, in a
-- schema of their own, which the modules look into first. Nothing that is there is changed, and it is
-- safe to load again.
--
--   psql -v ON_ERROR_STOP=1 --single-transaction -f views-2.20.sql mirrorbrain
--   psql mirrorbrain -c 'GRANT USAGE ON SCHEMA mirrorbrain_219 TO mirrorbrain;
--                        GRANT SELECT ON ALL TABLES IN SCHEMA mirrorbrain_219 TO mirrorbrain'
--
--   DBDParams "... dbname=mirrorbrain options='-c search_path=mirrorbrain_219,public'"
--
-- What 2.20 changed: networks of mirrors, several for each, are in serverpfx; files and their hashes are
-- in files, which mirrors have them in server_files.

CREATE SCHEMA IF NOT EXISTS mirrorbrain_219;

-- The columns xmin and ctid tell the modules that something has changed, as those of a table do.
CREATE OR REPLACE VIEW mirrorbrain_219.server AS
SELECT s.id, s.identifier, s.baseurl, s.baseurl_ftp, s.baseurl_rsync, s.enabled, s.status_baseurl,
       s.region, s.country,
       -- Of several autonomous systems the first one counts.
       coalesce(n.asn, 0)     AS asn,
       coalesce(n.prefix, '') AS prefix,
       s.score, s.scan_fpm, s.last_scan, s.comment, s.operator_name, s.operator_url, s.public_notes,
       s.admin, s.admin_email, s.lat, s.lng, s.country_only, s.region_only, s.as_only, s.prefix_only,
       s.other_countries, s.file_maxsize,
       s.xmin::text || coalesce(n.versions, '') AS xmin,
       s.ctid::text                             AS ctid
  FROM public.server s
  LEFT JOIN (SELECT p.serverid,
                    (array_agg(p.asn ORDER BY p.pfxid))[1] AS asn,
                    -- A range that is no network is as many networks as it takes.
                    string_agg(array_to_string(ARRAY (SELECT part::cidr::text
                                                        FROM cidr_split(p.prefix) part), ','),
                               ',' ORDER BY p.pfxid) AS prefix,
                    string_agg(p.xmin::text || p.ctid::text, ',' ORDER BY p.pfxid) AS versions
               FROM public.serverpfx p
              GROUP BY p.serverid) n ON n.serverid = s.id;

CREATE OR REPLACE VIEW mirrorbrain_219.filearr AS
SELECT f.id, f.path,
       ARRAY (SELECT h.server_id
                FROM public.server_files h
               WHERE h.file_id = f.id
               ORDER BY h.server_id) AS mirrors
  FROM public.files f;

CREATE OR REPLACE VIEW mirrorbrain_219.hash AS
SELECT f.id AS file_id,
       floor(extract(epoch FROM f.mtime))::bigint AS mtime,
       f.size,
       -- 2.20 stores the MD5 as the text of its digits.
       CASE WHEN encode(f.md5, 'escape') ~ '^[0-9a-f]{32}$'
            THEN decode(encode(f.md5, 'escape'), 'hex')
            ELSE f.md5 END AS md5,
       f.sha1, f.sha256, f.sha1piecesize, f.sha1pieces, f.btih, f.pgp,
       f.zblocksize, f.zhashlens, f.zsums
  FROM public.files f
 WHERE f.mtime IS NOT NULL AND f.size IS NOT NULL;

CREATE OR REPLACE VIEW mirrorbrain_219.hexhash AS
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
  FROM mirrorbrain_219.hash;
