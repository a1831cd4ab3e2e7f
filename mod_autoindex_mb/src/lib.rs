//! Apache httpd module mod_autoindex_mb.
