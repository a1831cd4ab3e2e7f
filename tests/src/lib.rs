//! Harness that boots a private httpd and a private PostgreSQL.
