//! Apache httpd module mod_mirrorbrain.
