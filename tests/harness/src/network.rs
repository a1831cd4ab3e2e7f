//! A network that can be cut: a namespace of Linux, joined to ours by a pair of virtual interfaces.

use std::process::Command;

use crate::command::{is_root, run, succeeds};
use crate::guardian::Guardian;
use crate::namespace::NEEDED;

/// A network with one address in it, gone on drop and when the process ends.
#[derive(Debug)]
pub struct Network {
    name: String,
    address: String,
    ours: String,
    _guardian: Guardian,
}

impl Network {
    /// Makes the network.
    ///
    /// # Panics
    /// If this system has no namespaces, or none for this user: a test that needs a network to
    /// cut has shown nothing then, and must not pass.
    pub fn new() -> Self {
        // Of the addresses for benchmarks (RFC 2544), which nobody routes.
        let id = std::process::id();
        let name = format!("mb-{id}");
        let net = format!("198.18.{}", id % 256);
        let (ours, address) = (format!("{net}.1"), format!("{net}.2"));
        let possible = is_root() && succeeds(Command::new("ip").args(["netns", "add", &name]));
        assert!(possible, "`ip` (iproute2) and namespaces: {NEEDED}");
        let guardian = Guardian::new("ip netns del \"$1\"", &[&name]);
        let (near, far) = (format!("mbn{id}"), format!("mbf{id}"));
        let ip = |words: &str| run(Command::new("ip").args(words.split(' ')));
        ip(&format!(
            "link add {near} type veth peer name {far} netns {name}"
        ));
        ip(&format!("address add {ours}/24 dev {near}"));
        ip(&format!("link set {near} up"));
        ip(&format!("-n {name} address add {address}/24 dev {far}"));
        ip(&format!("-n {name} link set {far} up"));
        ip(&format!("-n {name} link set lo up"));
        Self {
            name,
            address,
            ours,
            _guardian: guardian,
        }
    }

    /// The address in the network.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The words before a command that is to run in the network.
    pub fn launcher(&self) -> Vec<String> {
        ["ip", "netns", "exec", &self.name]
            .map(str::to_owned)
            .into()
    }

    /// Has every packet from here vanish without an answer.
    pub fn cut(&self) {
        self.route("add");
    }

    /// Ends the cut.
    pub fn mend(&self) {
        self.route("del");
    }

    fn route(&self, what: &str) {
        let ours = format!("{}/32", self.ours);
        let words = ["-n", &self.name, "route", what, "blackhole", &ours];
        run(Command::new("ip").args(words));
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}
