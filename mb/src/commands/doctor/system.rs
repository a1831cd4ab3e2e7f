//! The machine: programs, and what its network can reach.

use super::report::Report;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::Command;

/// Older ones can be attacked by the servers that they list (CVE-2024-12084 and others).
const SAFE_RSYNC: [u32; 3] = [3, 4, 1];

pub fn look(report: &mut Report) {
    rsync(report);
    families(report);
}

fn rsync(report: &mut Report) {
    const SUBJECT: &str = "rsync";
    let output = Command::new("rsync").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let Some(version) = text.ok().as_deref().and_then(version) else {
        let text = "not found: mirrors can only be scanned by FTP and HTTP";
        report.warning(SUBJECT, text, "install the package rsync");
        return;
    };
    let shown = version.map(|part| part.to_string()).join(".");
    if version < SAFE_RSYNC {
        report.warning(
            SUBJECT,
            format!("{shown}: a hostile mirror may attack versions before 3.4.1"),
            "update it; your system's package may have the corrections all the same",
        );
    } else {
        report.ok(SUBJECT, shown);
    }
}

/// The numbers in `rsync  version 3.2.7  protocol version 31`.
fn version(text: &str) -> Option<[u32; 3]> {
    let word = text
        .split_whitespace()
        .skip_while(|word| *word != "version")
        .nth(1)?;
    let mut parts = word.trim_start_matches('v').split(['.', '-', 'p']);
    let mut next = || parts.next().and_then(|part| part.parse().ok());
    Some([next()?, next()?, next().unwrap_or_default()])
}

/// Connecting a UDP socket sends nothing; it only asks for a route.
fn families(report: &mut Report) {
    const SUBJECT: &str = "network";
    let has_route = |from: SocketAddr, to: SocketAddr| {
        UdpSocket::bind(from)
            .and_then(|socket| socket.connect(to))
            .is_ok()
    };
    let v4 = has_route(
        (Ipv4Addr::UNSPECIFIED, 0).into(),
        (Ipv4Addr::new(192, 0, 2, 1), 9).into(),
    );
    let v6 = has_route(
        (Ipv6Addr::UNSPECIFIED, 0).into(),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
    );
    match (v4, v6) {
        (true, true) => report.ok(SUBJECT, "IPv4 and IPv6"),
        (true, false) => report.warning(
            SUBJECT,
            "no route for IPv6: what mirrors do for IPv6 clients cannot be checked from here",
            "ask for IPv6 where this machine stands",
        ),
        (false, true) => report.warning(
            SUBJECT,
            "no route for IPv4: what mirrors do for IPv4 clients cannot be checked from here",
            "ask for IPv4 where this machine stands",
        ),
        (false, false) => report.warning(
            SUBJECT,
            "no route to anywhere: mirrors can be neither scanned nor probed from here",
            "look at the machine's network",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_found() {
        assert_eq!(
            version("rsync  version 3.2.7  protocol version 31\n"),
            Some([3, 2, 7])
        );
        assert_eq!(
            version("rsync  version v3.4.1-g1  protocol"),
            Some([3, 4, 1])
        );
        assert_eq!(version("rsync  version 3.5.0pre1"), Some([3, 5, 0]));
        assert_eq!(version("something else"), None);
    }
}
