//! Real servers of FTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use harness::daemon::Daemon;
use mirror_files::{Error, Kind, Options, Size, ftp};

use crate::tree::{FILES, Listed, MTIME, Tree, long_name, options};

fn list(url: &str, options: &Options) -> Result<Listed, Error> {
    Listed::by(|sink| ftp::list(url, options, sink))
}

#[test]
fn proftpd_tells_all_exactly_by_mlsd() {
    let tree = Tree::new();
    let server = Daemon::proftpd(tree.path(), "");
    let listed = list(&format!("ftp://{}/", server.address()), &options()).unwrap();
    assert_sizes(&listed);
    for (path, (_, mtime)) in listed.files() {
        assert_eq!(mtime, mirror_files::Time::Exact(MTIME), "{path}");
    }
    subtrees(&server);
}

#[test]
fn vsftpd_is_listed_by_list_and_tells_the_day() {
    let tree = Tree::new();
    let server = Daemon::vsftpd(tree.path());
    let listed = list(&format!("ftp://{}/", server.address()), &options()).unwrap();
    assert_sizes(&listed);
    for (path, (_, mtime)) in listed.files() {
        assert!(
            mtime.may_be(MTIME, 0) && !mtime.may_be(MTIME - 3 * 86_400, 0),
            "{path}"
        );
    }
    subtrees(&server);
}

/// All files with their sizes. A line feed in a name makes another name of its beginning.
#[track_caller]
fn assert_sizes(listed: &Listed) {
    let mut expected: BTreeMap<&str, Size> = FILES
        .iter()
        .map(|(path, size)| (*path, Size::Exact(*size)))
        .collect();
    let long = long_name();
    expected.insert(&long, Size::Exact(24));
    let files = listed.files().into_iter();
    let found: BTreeMap<&str, Size> = files
        .filter(|(path, _)| *path != "new")
        .map(|(path, (size, _))| (path, size))
        .collect();
    assert_eq!(found, expected);
    assert!(listed.listing.is_complete(), "{:?}", listed.listing.unread);
    assert!(listed.paths(Kind::Directory).contains(&"empty dir"));
}

#[track_caller]
fn subtrees(server: &Daemon) {
    let base = format!("ftp://{}/sub%20dir", server.address());
    let below = |subtree: &str| Options {
        subtree: subtree.to_owned(),
        ..options()
    };
    let listed = list(&base, &below("ä")).unwrap();
    assert_eq!(listed.paths(Kind::File), ["ä/..dots", "ä/größe 日本.txt"]);
    let error = list(&base, &below("no")).err().unwrap();
    assert!(matches!(error, Error::Gone(_)), "{error:?}");
    let url = format!("ftp://who:what@{}/", server.address());
    let error = list(&url, &options()).err().unwrap();
    assert!(matches!(error, Error::Denied(_)), "{error:?}");
}

/// A server that answers each command by a rule, and sends what `data` writes as each listing.
fn fake(data: fn(&mut TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || talk(stream, data));
        }
    });
    format!("ftp://127.0.0.1:{port}/")
}

fn talk(stream: TcpStream, data: fn(&mut TcpStream) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    writer.write_all(b"220 hello\r\n")?;
    let mut listener = None;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer = match line.split(' ').next().unwrap_or_default() {
            "USER" => "331 password\r\n".to_owned(),
            "PASS" => "230 welcome\r\n".to_owned(),
            "PWD" => "257 \"/\"\r\n".to_owned(),
            "FEAT" => "500 what?\r\n".to_owned(),
            "PASV" => {
                let passive = TcpListener::bind("127.0.0.1:0")?;
                let port = passive.local_addr()?.port();
                listener = Some(passive);
                // Another address than its own: it must not be asked.
                format!("227 ok (10,0,0,1,{},{})\r\n", port / 256, port % 256)
            }
            "LIST" => {
                writer.write_all(b"150 here it comes\r\n")?;
                if let Some(listener) = listener.take() {
                    let _ = data(&mut listener.accept()?.0);
                }
                "226 done\r\n".to_owned()
            }
            "TYPE" => "200 ok\r\n".to_owned(),
            _ => "250 ok\r\n".to_owned(),
        };
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

#[test]
fn hostile_servers_are_bounded_and_named_in_a_sentence() {
    let few = Options {
        most_entries: 1000,
        most_bytes: 10 << 20,
        ..options()
    };
    let said = |data| match list(&fake(data), &few) {
        Ok(listed) => listed.listing.unread[0].error.to_string(),
        Err(error) => error.to_string(),
    };
    // The same directory again and again is a circle, which ends.
    let circle = list(
        &fake(|out| {
            out.write_all(
                b"-rw-r--r-- 1 a b 5 Nov 14 2023 x\r\ndrwxr-xr-x 1 a b 5 Nov 14 2023 d\r\n",
            )
        }),
        &few,
    )
    .unwrap();
    assert!(circle.listing.is_complete() && circle.listing.entries < 20);
    let upwards = list(
        &fake(|out| {
            out.write_all(
                b"-rw-r--r-- 1 a b 5 Nov 14 2023 ../x\r\n-rw-r--r-- 1 a b 5 Nov 14 2023 y\r\n",
            )
        }),
        &few,
    )
    .unwrap();
    assert_eq!(
        (upwards.paths(Kind::File), upwards.listing.unusable),
        (vec!["y"], 1)
    );
    assert_eq!(
        said(|out| {
            loop {
                out.write_all(b"-rw-r--r-- 1 a b 5 Nov 14 2023 x\r\n")?;
            }
        }),
        "the listing has more than 1000 entries"
    );
    assert_eq!(
        said(|out| {
            loop {
                out.write_all(&[b'x'; 1024])?;
            }
        }),
        "the listing has more than 32768 bytes in a line"
    );
    assert_eq!(
        said(|out| out.write_all(b"-rw-r--r-- 1 a b 5 Nov 14 2023 x\r\n-rw-r--r-- 1 a b 5 No")),
        "the listing ended in the middle"
    );
    assert_eq!(
        said(|out| out.write_all(b"strange things\r\n")),
        "the server lists in a way that nobody knows"
    );
}

#[test]
fn servers_that_take_their_time_are_given_up() {
    let started = Instant::now();
    let few = Options {
        limit: Duration::from_secs(2),
        ..options()
    };
    let said = |data| list(&fake(data), &few).err().unwrap().to_string();
    // A byte now and then is no listing.
    assert_eq!(
        said(|out| {
            loop {
                out.write_all(b"x")?;
                thread::sleep(Duration::from_millis(300));
            }
        }),
        "the listing did not end within 2 seconds"
    );
    let hurried = Options {
        idle: Duration::from_secs(1),
        ..options()
    };
    let mute = fake(|_| {
        thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let error = list(&mute, &hurried).err().unwrap();
    assert_eq!(error.to_string(), "the server said nothing for 1 seconds");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn servers_that_are_not_there_are_asked_later() {
    let url = format!("ftp://127.0.0.1:{}/", harness::free_port());
    assert!(list(&url, &options()).err().unwrap().is_temporary());
    assert!(matches!(
        list("http://a/", &options()).err().unwrap(),
        Error::Url(_)
    ));
}
