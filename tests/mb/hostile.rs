//! Mirrors that never come to an end are given up.

use crate::site::Site;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// What a server does with a client.
type Talk = fn(TcpStream) -> io::Result<()>;

/// A server that talks to each client by itself; its port.
fn server(talk: Talk) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let port = listener.local_addr().expect("address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // It ends when the client has had enough.
            thread::spawn(move || talk(stream));
        }
    });
    port
}

/// Sends the same again and again, until nobody listens.
fn trickle(mut stream: &TcpStream, piece: &[u8]) -> io::Result<()> {
    loop {
        stream.write_all(piece)?;
        thread::sleep(Duration::from_millis(50));
    }
}

fn slow_head(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
    trickle(&stream, b"x")
}

fn slow_body(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    trickle(&stream, b"x")
}

fn endless_body(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    loop {
        stream.write_all(&[b'x'; 1 << 16])?;
    }
}

fn endless_redirects(mut stream: TcpStream) -> io::Result<()> {
    BufReader::new(&stream).read_line(&mut String::new())?;
    thread::sleep(Duration::from_millis(200));
    stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
}

fn slow_greeting(stream: TcpStream) -> io::Result<()> {
    trickle(&stream, b"2")
}

fn slow_motd(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(b"@RSYNCD: 31.0 md5\n")?;
    trickle(&stream, b"welcome\n")
}

fn slow_file(stream: TcpStream) -> io::Result<()> {
    ftp(stream, |_, data| trickle(&data, b"x"))
}

fn broken_file(stream: TcpStream) -> io::Result<()> {
    ftp(stream, |mut control, mut data| {
        data.write_all(b"half of")?;
        drop(data);
        control.write_all(b"426 disk error\r\n")
    })
}

/// FTP, as far as somebody needs it who wants a file. `transfer` gets the control connection, and that of the data.
fn ftp(
    mut stream: TcpStream,
    transfer: impl Fn(&TcpStream, TcpStream) -> io::Result<()>,
) -> io::Result<()> {
    let data = TcpListener::bind("127.0.0.1:0")?;
    let port = data.local_addr()?.port();
    stream.write_all(b"220 hello\r\n")?;
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?;
        let passive = format!(
            "227 Entering Passive Mode (127,0,0,1,{},{})\r\n",
            port / 256,
            port % 256
        );
        let answer = match line.split(' ').next().unwrap_or_default() {
            "USER" => "331 and?\r\n",
            "PASS" => "230 welcome\r\n",
            "PASV" => &passive,
            "RETR" => "150 here it comes\r\n",
            _ => "200 ok\r\n",
        };
        stream.write_all(answer.as_bytes())?;
        if line.starts_with("RETR") {
            return transfer(&stream, data.accept()?.0);
        }
    }
    Ok(())
}

/// Makes a mirror of a server.
fn add(site: &Site, name: &str, scheme: &str, talk: Talk) {
    let port = server(talk);
    let column = match scheme {
        "http" => "baseurl",
        "ftp" => "baseurl_ftp",
        _ => "baseurl_rsync",
    };
    let place = ["-H", "http://127.0.0.1:1/", "-r", "eu", "-c", "de"];
    site.mb(&[&["new", name][..], &place].concat()).ok();
    site.db.sql(&format!(
        "UPDATE server SET baseurl = '', enabled = true, status_baseurl = true \
         WHERE identifier = '{name}'; \
         UPDATE server SET {column} = '{scheme}://127.0.0.1:{port}/m' WHERE identifier = '{name}'"
    ));
}

#[test]
fn half_of_a_file_is_none() {
    let site = Site::new("mb_half_a_file");
    add(&site, "broken", "ftp", broken_file);
    let probed = site.mb(&["probefile", "x", "-m", "broken", "--md5"]).ok();
    assert!(probed.contains("0 broken"), "{probed}");
}

#[test]
fn mirrors_that_never_come_to_an_end_are_given_up_in_time() {
    let site = Site::new("mb_hostile");
    let servers: [(&str, Talk); 7] = [
        ("http", slow_head),
        ("http", slow_body),
        ("http", endless_body),
        ("http", endless_redirects),
        ("ftp", slow_greeting),
        ("ftp", slow_file),
        ("rsync", slow_motd),
    ];
    site.db.sql("DELETE FROM server");
    for (number, (scheme, talk)) in servers.into_iter().enumerate() {
        add(&site, &format!("m{number}"), scheme, talk);
    }
    let start = Instant::now();
    let probed = site.mb(&["probefile", "x", "--md5", "--timeout", "1", "--json"]);
    let probed = probed.json();
    let probed = probed.as_array().expect("list");
    assert_eq!(probed.len(), servers.len());
    for probed in probed {
        assert_eq!(
            (probed["has_file"].as_bool(), probed["error"].as_str()),
            (Some(false), Some("no end after 1 s")),
            "{probed}"
        );
    }
    // Also where only the presence counts, and where all are scanned by HTTP.
    site.db.sql(
        "UPDATE server SET baseurl = baseurl_ftp || baseurl_rsync WHERE baseurl = ''; \
         INSERT INTO filearr (path, mirrors) SELECT 'x', array_agg(id::smallint) FROM server",
    );
    let listed = site.mb(&["file", "ls", "x", "--md5", "--timeout", "1", "--json"]);
    let listed = listed.json();
    let listed = listed.as_array().expect("list");
    assert!(listed.len() == servers.len() && listed.iter().all(|one| one["md5"].is_null()));
    let presence = site.mb(&["probefile", "x", "--timeout", "1", "-n", "--json"]);
    // A head without an end is none; a body does not matter here.
    let found: Vec<String> = presence
        .json()
        .as_array()
        .expect("list")
        .iter()
        .map(|probed| probed["identifier"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(found, ["m1", "m2", "m5"]);
    assert!(start.elapsed() < Duration::from_secs(30));
}
