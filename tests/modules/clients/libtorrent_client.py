"""What libtorrent makes of a torrent and of a magnet link, as JSON; or a download by web seeds.

usage: libtorrent_client.py show FILE.torrent MAGNET
       libtorrent_client.py download FILE.torrent DIRECTORY
"""

import json
import sys
import time

import libtorrent


def show(torrent, magnet):
    # Lists of one rank are in random order: libtorrent shuffles them.
    info = libtorrent.torrent_info(torrent)
    link = libtorrent.parse_magnet_uri(magnet)
    files = info.files()
    return {
        "info_hash": str(info.info_hashes().v1),
        "name": info.name(),
        "size": info.total_size(),
        "files": files.num_files(),
        "piece_length": info.piece_length(),
        "pieces": info.num_pieces(),
        "comment": info.comment(),
        "creator": info.creator(),
        "trackers": sorted([entry.url, entry.tier] for entry in info.trackers()),
        "web_seeds": sorted(seed["url"] for seed in info.web_seeds()),
        "nodes": [list(node) for node in info.nodes()],
        "magnet": {
            "info_hash": str(link.info_hashes.v1),
            "name": link.name,
            "trackers": list(link.trackers),
            "web_seeds": sorted(link.url_seeds),
        },
    }


def download(torrent, directory):
    session = libtorrent.session({
        "listen_interfaces": "127.0.0.1:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_natpmp": False,
        "enable_upnp": False,
        # Web seeds on loopback look like an attempt to make clients attack their own host.
        "ssrf_mitigation": False,
    })
    info = libtorrent.torrent_info(torrent)
    handle = session.add_torrent({"ti": info, "save_path": directory, "trackers": []})
    deadline = time.monotonic() + 30
    while not handle.status().is_seeding:
        if time.monotonic() > deadline:
            sys.exit(f"not complete: {handle.status().progress:.0%}, {handle.status().errc.message()}")
        time.sleep(0.05)
    session.pause()
    return {"seeding": True}


print(json.dumps({"show": show, "download": download}[sys.argv[1]](*sys.argv[2:])))
