//! A database that answers late, and clients that ask for what nobody asked for before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use harness::httpd::Httpd;
use harness::relay::Relay;
use harness::{files, http};

use super::{FILE, REMEMBERING, builder, cluster, time_to_redirect};

/// How late each step of the database's answers is.
const DELAY: Duration = Duration::from_millis(600);

/// Clients that ask for cold names; more than the child has workers.
const CLIENTS: usize = 96;

const WORKERS: usize = 64;

/// Names that are asked for; none is ever known while the database has others to answer for.
const NAMES: usize = 2000;

/// Asks for another cold name all the time until told to stop, and counts the answers.
fn cold_clients(httpd: &Httpd, stop: &Arc<AtomicBool>) -> Vec<thread::JoinHandle<usize>> {
    let next = Arc::new(AtomicUsize::new(0));
    let address = httpd.address();
    let client = || {
        let (stop, next) = (Arc::clone(stop), Arc::clone(&next));
        thread::spawn(move || {
            let mut answers = 0;
            while !stop.load(Ordering::Relaxed) {
                let name = next.fetch_add(1, Ordering::Relaxed) % NAMES;
                let request = http::request("GET", &format!("/cold/{name}.iso"), &[]);
                let answer = http::exchange(address, &request).expect("an answer");
                assert_eq!(answer.status, 200);
                answers += 1;
                sleep(Duration::from_millis(100));
            }
            answers
        })
    };
    (0..CLIENTS).map(|_| client()).collect()
}

/// The times that a hundred answers take, sorted. Asked for over some seconds: those who wait for the
/// database begin and end at the same moments.
fn times(httpd: &Httpd, path: &str, status: u16) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            sleep(DELAY / 20);
            let start = Instant::now();
            assert_eq!(httpd.get(path).status, status);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

#[test]
fn clients_that_wait_for_a_slow_database_leave_workers_to_the_others() {
    let (cluster, params) = cluster();
    let relay = Relay::to(cluster.port());
    let port = |port: u16| format!("port={port} ");
    let params = params.replace(&port(cluster.port()), &port(relay.port()));
    let threads = format!("ThreadsPerChild {WORKERS}\nMaxRequestWorkers {WORKERS}");
    let site = builder(&params, REMEMBERING).config(&threads).config(
        "MaxSpareThreads 64\n\
         <Directory \"@TREE@\">\nMirrorBrainMinSize 1\nMirrorBrainExcludeFileMask \\.txt$\n</Directory>",
    );
    for name in 0..NAMES {
        files::sparse(
            &site.tree(),
            &format!("cold/{name}.iso"),
            100,
            1_700_000_000,
        );
    }
    files::sparse(&site.tree(), "static.txt", 100, 1_700_000_000);
    let httpd = site.start();
    time_to_redirect(&httpd);
    relay.delay(DELAY);

    let stop = Arc::new(AtomicBool::new(false));
    let clients = cold_clients(&httpd, &stop);
    sleep(DELAY * 3);
    for (path, status) in [(FILE, 302), ("/static.txt", 200)] {
        let times = times(&httpd, path, status);
        let (median, late) = (times[50], times[90]);
        println!("{path}: median {median:?}, nine of ten within {late:?}");
        assert!(
            median < DELAY / 6 && late < DELAY / 3,
            "{median:?}, {late:?}"
        );
    }
    stop.store(true, Ordering::Relaxed);
    let answers: usize = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .sum();
    println!("{answers} cold answers");
}
