#![forbid(unsafe_code)]
//! The documents of a file: metalink, mirror list, torrent, zsync, magnet, hashes; and their negotiation.
