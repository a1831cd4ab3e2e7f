-- Optional: tell the web servers at once what has changed, instead of letting them find out when
-- their cached answers expire. Safe to load again.
--
--   psql -v ON_ERROR_STOP=1 --single-transaction -f notify.sql mirrorbrain
--
-- Channel: mirrorbrain. Payloads:
--   server         a row of server changed: read the mirrors again
--   file <path>    a row of filearr or hash for this path changed
--   files          filearr or hash was emptied: forget every file
--
-- A payload may have 7999 bytes; a path of 512 characters has at most 2048. PostgreSQL drops
-- duplicates inside one transaction. A scan that rewrites every file in one transaction queues
-- one notification for each, so scanners should commit in batches.

-- CREATE OR REPLACE TRIGGER is new in 14; older servers would call it a mistake of syntax.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 140000 THEN
        RAISE EXCEPTION 'notify.sql needs PostgreSQL 14 or newer, and this is %',
            current_setting('server_version');
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION mirrorbrain_notify() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('mirrorbrain', tg_argv[0]);
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION mirrorbrain_notify_filearr() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op <> 'INSERT' THEN
        PERFORM pg_notify('mirrorbrain', 'file ' || OLD.path);
    END IF;
    IF tg_op <> 'DELETE' THEN
        PERFORM pg_notify('mirrorbrain', 'file ' || NEW.path);
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION mirrorbrain_notify_hash() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    fileid integer := CASE tg_op WHEN 'DELETE' THEN OLD.file_id ELSE NEW.file_id END;
BEGIN
    PERFORM pg_notify('mirrorbrain', 'file ' || path) FROM filearr WHERE id = fileid;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER mirrorbrain_server
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON server
    FOR EACH STATEMENT EXECUTE FUNCTION mirrorbrain_notify('server');

CREATE OR REPLACE TRIGGER mirrorbrain_filearr
    AFTER INSERT OR DELETE OR UPDATE OF path, mirrors ON filearr
    FOR EACH ROW EXECUTE FUNCTION mirrorbrain_notify_filearr();

CREATE OR REPLACE TRIGGER mirrorbrain_filearr_truncate
    AFTER TRUNCATE ON filearr
    FOR EACH STATEMENT EXECUTE FUNCTION mirrorbrain_notify('files');

CREATE OR REPLACE TRIGGER mirrorbrain_hash
    AFTER INSERT OR UPDATE OR DELETE ON hash
    FOR EACH ROW EXECUTE FUNCTION mirrorbrain_notify_hash();

CREATE OR REPLACE TRIGGER mirrorbrain_hash_truncate
    AFTER TRUNCATE ON hash
    FOR EACH STATEMENT EXECUTE FUNCTION mirrorbrain_notify('files');
