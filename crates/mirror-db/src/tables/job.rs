//! `job`: when which mirror is scanned next, and who does it. Comes with a migration.

use pg::{Connection, ConnectionError, Row};

/// A mirror that is new here is due when its last scan is old enough.
const PLAN: &str = "\
WITH gone AS (DELETE FROM job WHERE kind = 'scan' AND mirror NOT IN
              (SELECT id FROM server WHERE enabled AND status_baseurl AND country <> '**'))
INSERT INTO job (kind, mirror, due)
SELECT 'scan', id, coalesce(last_scan + make_interval(secs => $1), now()) FROM server
 WHERE enabled AND status_baseurl AND country <> '**'
    ON CONFLICT (kind, mirror) DO NOTHING";

/// The one that waits longest. Of workers that ask at once each gets another one.
const TAKE: &str = "\
UPDATE job SET worker = $1, lease = now() + make_interval(secs => $2)
 WHERE id = (SELECT id FROM job WHERE kind = 'scan' AND due <= now() AND (lease IS NULL OR lease < now())
              ORDER BY due, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, mirror, failed";

const HOLD: &str = "\
UPDATE job SET lease = now() + make_interval(secs => $3) WHERE id = $1 AND worker = $2";

const DONE: &str = "\
UPDATE job SET lease = NULL, failed = $3, due = now() + make_interval(secs => $4)
 WHERE id = $1 AND worker = $2";

/// One scan a host, whichever machine it comes from; given back with the session, however that ends.
const LOCK_HOST: &str = "SELECT pg_try_advisory_lock(hashtext('mirrorbrain host'), hashtext($1))";
const UNLOCK_HOST: &str = "SELECT pg_advisory_unlock(hashtext('mirrorbrain host'), hashtext($1))";

/// What a mirror needs: nothing was scanned wholly for so many seconds; or what the origin has changed since
/// its last scan that found all; or a sample.
const NEEDS: &str = "\
WITH whole AS (SELECT max(finished) AS at FROM scan
                WHERE mirror = $1 AND subtree = '' AND outcome = 'complete'),
     seen AS (SELECT max(id) AS id FROM scan WHERE mirror = $1 AND outcome = 'complete'),
     origin AS (SELECT max(id) AS id FROM scan WHERE mirror IS NULL AND outcome = 'complete')
SELECT whole.at IS NULL OR whole.at < now() - make_interval(secs => $2) OR origin.id IS NULL,
       (SELECT count(*) FROM origin_change WHERE scan > seen.id)
  FROM whole, seen, origin";

const CHANGED: &str = "\
SELECT path::text FROM origin_change JOIN filearr ON filearr.id = file_id
 WHERE origin_change.scan > (SELECT max(id) FROM scan WHERE mirror = $1 AND outcome = 'complete')";

const SAMPLE: &str = "\
SELECT path::text FROM filearr WHERE $1::smallint = ANY (mirrors) AND id >= $2 ORDER BY id LIMIT $3";

const LARGEST: &str = "SELECT coalesce(max(id), 0) FROM filearr";

pub(super) const STATEMENTS: &[&str] = &[
    PLAN,
    TAKE,
    HOLD,
    DONE,
    LOCK_HOST,
    UNLOCK_HOST,
    NEEDS,
    CHANGED,
    SAMPLE,
    LARGEST,
];

/// A scan that somebody has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Of the row.
    pub id: i64,
    /// Whose files are looked at.
    pub mirror: i32,
    /// How often in a row it has failed.
    pub failed: i32,
}

/// What a mirror needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// A scan of all of it.
    pub whole: bool,
    /// So many files have changed at the origin since its last scan.
    pub changed: i64,
}

/// Makes rows for mirrors that have none, due so many seconds after their last scan, and removes those of
/// mirrors that are out of use.
///
/// # Errors
/// Those of the database, here and below.
pub fn plan(connection: &mut Connection, seconds: f64) -> Result<(), ConnectionError> {
    connection.execute(PLAN, &[&seconds]).map(drop)
}

/// Takes the job that waits longest, for so many seconds; `None` if none is due.
pub fn take(
    connection: &mut Connection,
    worker: &str,
    seconds: f64,
) -> Result<Option<Job>, ConnectionError> {
    let rows = connection.query(TAKE, &[&worker, &seconds])?;
    let job = |row: &Row| {
        Ok(Job {
            id: row.get(0)?,
            mirror: row.get(1)?,
            failed: row.get(2)?,
        })
    };
    rows.first().map(job).transpose()
}

/// Keeps a job for so many seconds more; whether it still is this worker's.
pub fn hold(
    connection: &mut Connection,
    job: Job,
    worker: &str,
    seconds: f64,
) -> Result<bool, ConnectionError> {
    let changed = connection.execute(HOLD, &[&job.id, &worker, &seconds])?;
    Ok(changed > 0)
}

/// Gives a job back, to be done again after so many seconds.
pub fn done(
    connection: &mut Connection,
    job: Job,
    worker: &str,
    seconds: f64,
) -> Result<(), ConnectionError> {
    let parameters: [pg::Parameter<'_>; 4] = [&job.id, &worker, &job.failed, &seconds];
    connection.execute(DONE, &parameters).map(drop)
}

/// Whether nobody talks to a host; until the session ends, or [`unlock_host`], nobody else may.
pub fn lock_host(connection: &mut Connection, host: &str) -> Result<bool, ConnectionError> {
    let rows = connection.query(LOCK_HOST, &[&host])?;
    Ok(Row::first(&rows)?.unwrap_or(false))
}

/// Lets others talk to a host.
pub fn unlock_host(connection: &mut Connection, host: &str) -> Result<(), ConnectionError> {
    connection.query(UNLOCK_HOST, &[&host]).map(drop)
}

/// What a mirror needs, if it is looked at wholly every so many seconds.
pub fn needs(
    connection: &mut Connection,
    mirror: i32,
    seconds: f64,
) -> Result<Needs, ConnectionError> {
    let rows = connection.query(NEEDS, &[&mirror, &seconds])?;
    match rows.first() {
        Some(row) => Ok(Needs {
            whole: row.get(0)?,
            changed: row.get(1)?,
        }),
        None => Ok(Needs {
            whole: true,
            changed: 0,
        }),
    }
}

/// The files that have changed at the origin since a mirror's last scan.
pub fn changed(connection: &mut Connection, mirror: i32) -> Result<Vec<String>, ConnectionError> {
    let rows = connection.query(CHANGED, &[&mirror])?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Some files of a mirror, from a place on that `draw` chooses among so many.
pub fn sample(
    connection: &mut Connection,
    mirror: i32,
    count: i64,
    draw: impl FnOnce(i32) -> i32,
) -> Result<Vec<String>, ConnectionError> {
    let rows = connection.query(LARGEST, &[])?;
    let from = draw(Row::first(&rows)?.unwrap_or_default());
    let id = i16::try_from(mirror).unwrap_or(-1);
    let mut rows = connection.query(SAMPLE, &[&id, &from, &count])?;
    if rows.is_empty() {
        rows = connection.query(SAMPLE, &[&id, &0, &count])?;
    }
    rows.iter().map(|row| row.get(0)).collect()
}
