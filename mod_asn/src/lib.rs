//! Apache httpd module mod_asn.
