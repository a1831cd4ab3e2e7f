//! The network between httpd and its database loses every packet.

use std::thread::sleep;
use std::time::Duration;

use harness::load::Load;
use harness::namespace::left_out;
use harness::network::Network;
use harness::postgres::Cluster;
use harness::workspace;

use super::time_to_redirect;
use super::{ASKING, FILE, RECOVERY, REMEMBERING, assert_said, assert_served, load, site};

#[test]
fn a_network_that_loses_every_packet_delays_each_client_once() {
    if left_out() {
        return;
    }
    let network = Network::new();
    let cluster = Cluster::start_in(&network);
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let params = cluster.database("outage", &[&fixture]).params() + " sslmode=disable";
    let mut asking = site(&params, ASKING);
    let mut remembering = site(&params, REMEMBERING);
    assert_eq!(asking.get(FILE).status, 302);
    assert_eq!(remembering.get(FILE).status, 302);
    let loads = [load(&asking), load(&remembering)];
    sleep(Duration::from_millis(200));
    network.cut();
    sleep(Duration::from_secs(6));
    network.mend();
    let took = time_to_redirect(&asking);
    sleep(Duration::from_millis(200));
    let [asked, remembered] = loads.map(Load::finish);

    let count = assert_served(&asked);
    assert!(count.status(200) > 10, "{count}");
    // The two seconds that one answer of the database may take.
    assert!(count.slowest < Duration::from_secs(4), "{count}");
    let slow = asked.iter().filter(|s| s.took > Duration::from_millis(500));
    assert!(slow.count() <= 8, "{count}");
    assert!(took < RECOVERY, "{took:?}");
    let count = assert_served(&remembered);
    assert_eq!(count.status(302), count.requests, "{count}");
    assert_said(&mut asking, "is not available", "answers again");
    remembering.allow("is not available");
}
