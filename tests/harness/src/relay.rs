//! A server behind a slow network: what it answers arrives late.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// Passes connections on to a server of this machine, and its answers back after a delay. It lives
/// as long as the process.
#[derive(Debug, Clone)]
pub struct Relay {
    port: u16,
    delay: Arc<AtomicU64>,
}

impl Relay {
    /// A relay to a port, without delay.
    ///
    /// # Panics
    /// If there is no port for it.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let relay = Self {
            port: listener.local_addr().expect("a bound port").port(),
            delay: Arc::default(),
        };
        let this = relay.clone();
        spawn(move || {
            for client in listener.incoming().flatten() {
                let server = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                if let Ok(server) = TcpStream::connect(server) {
                    this.join(client, server);
                }
            }
        });
        relay
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on each step of the server's answers is so late.
    pub fn delay(&self, delay: Duration) {
        let delay = delay.as_millis().try_into().unwrap_or(u64::MAX);
        self.delay.store(delay, Ordering::Relaxed);
    }

    fn join(&self, client: TcpStream, server: TcpStream) {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (Ok(from_client), Ok(to_client)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        spawn(move || pass(from_client, server, &AtomicU64::new(0)));
        let delay = Arc::clone(&self.delay);
        spawn(move || pass(to_client, client, &delay));
    }
}

/// Passes bytes on until one side closes.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: &AtomicU64) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        sleep(Duration::from_millis(delay.load(Ordering::Relaxed)));
        if to
            .write_all(bytes.get(..count).unwrap_or_default())
            .is_err()
        {
            break;
        }
    }
    let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
}
