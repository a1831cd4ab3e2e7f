//! What the original's scanner asks the database: two statements for each file, each a transaction.

use std::time::Instant;

use harness::postgres::Database;

/// Seconds that a round over mirrors takes which have all of the paths, and had them before.
pub fn round(database: &Database<'_>, paths: &[String], mirrors: u32) -> f64 {
    let mut client = database.connect().expect("connection");
    let begin = Instant::now();
    for mirror in 1..=mirrors {
        let mirror = i32::try_from(mirror).expect("few mirrors");
        let held = format!(
            "CREATE TEMPORARY TABLE temp1 AS SELECT id FROM filearr WHERE {mirror} = ANY (mirrors);
             ALTER TABLE temp1 ADD PRIMARY KEY (id)"
        );
        client.batch_execute(&held).expect("temp1");
        let add = client
            .prepare("SELECT mirr_add_bypath($1, $2)")
            .expect("statement");
        let seen = client
            .prepare("DELETE FROM temp1 WHERE id = $1")
            .expect("statement");
        for path in paths {
            let row = client.query_one(&add, &[&mirror, path]).expect("add");
            client
                .execute(&seen, &[&row.get::<_, i32>(0)])
                .expect("seen");
        }
        client.batch_execute("DROP TABLE temp1").expect("temp1");
    }
    begin.elapsed().as_secs_f64()
}
