//! The table against a well-kept trie, on an invented table of the Internet's size.

use asn::table::synthetic::{Random, routes};
use asn::table::{Builder, Table};
use criterion::{Criterion, criterion_group, criterion_main};
use ipnet::{Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;
use std::hint::black_box;
use std::io::Cursor;
use std::net::IpAddr;

fn lookup(c: &mut Criterion) {
    let routes = routes(4, 600_000, 130_000);
    let mut random = Random::new(5);
    let addresses: Vec<IpAddr> = (0..65_536).map(|_| random.address(&routes)).collect();

    let build = || {
        let mut builder = Builder::new();
        for &(range, asn) in &routes {
            builder.push(range, asn);
        }
        let mut file = Cursor::new(Vec::new());
        builder.write(&mut file, b"").expect("a table in memory");
        file.into_inner()
    };
    let file = build();
    println!("table: {} rows, {} bytes", routes.len(), file.len());
    let table = Table::new(file).expect("a table");
    let mut next = (0..65_536).cycle();
    c.bench_function("flat table, address to prefix and AS", |b| {
        b.iter(|| {
            next.next()
                .and_then(|i| black_box(table.lookup(*addresses.get(i)?)))
        });
    });
    c.bench_function("flat table, with the prefix as text", |b| {
        b.iter(|| {
            let found = next.next().and_then(|i| table.lookup(*addresses.get(i)?));
            black_box(found.map(|network| network.prefix.text()))
        });
    });

    // The trie knows CIDR only; the ranges that are none are left out.
    let (mut v4, mut v6) = (PrefixMap::new(), PrefixMap::new());
    for (range, asn) in &routes {
        let text = range.to_string();
        if let Ok(network) = text.parse::<Ipv4Net>() {
            v4.insert(network, *asn);
        } else if let Ok(network) = text.parse::<Ipv6Net>() {
            v6.insert(network, *asn);
        }
    }
    c.bench_function("trie (prefix-trie), IPv4 and IPv6", |b| {
        b.iter(|| {
            next.next().and_then(|i| match *addresses.get(i)? {
                IpAddr::V4(address) => v4.get_lpm(&address.into()).map(|(_, asn)| *asn),
                IpAddr::V6(address) => v6.get_lpm(&address.into()).map(|(_, asn)| *asn),
            })
        });
    });

    let mut slow = c.benchmark_group("build");
    slow.sample_size(10);
    slow.bench_function("flat table of 730,000 ranges", |b| b.iter(build));
}

criterion_group!(benches, lookup);
criterion_main!(benches);
