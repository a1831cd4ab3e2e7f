//! The stream to a server, with or without TLS, that tokio-postgres speaks over.

use super::AnyError;
use super::guard::Guard;
use crate::connection_info::{ConnectionInfo, SslMode};
use crate::tls;
use socket2::{SockRef, TcpKeepalive};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// A byte stream of any kind.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// `SSLRequest`, PostgreSQL documentation, "Message Formats".
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A stream that is ready for the login.
pub(super) struct Wire {
    stream: Box<dyn Duplex>,
    guard: Guard,
    /// Of the server's certificate (RFC 5929, 4); none without TLS.
    end_point: Option<Vec<u8>>,
}

/// What became of TLS.
pub(super) enum Encryption {
    /// It is used, or was not asked for.
    AsAsked,
    /// The server has none, and the mode lets it be.
    NotOffered,
}

pub(super) async fn unix(directory: &str, port: u16) -> io::Result<Box<dyn Duplex>> {
    let path = format!("{directory}/.s.PGSQL.{port}");
    Ok(Box::new(UnixStream::connect(path).await?))
}

pub(super) async fn tcp(info: &ConnectionInfo, address: SocketAddr) -> io::Result<Box<dyn Duplex>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    let unanswered = info.tcp_user_timeout.unwrap_or(Duration::from_secs(10));
    socket.set_tcp_user_timeout(Some(unanswered))?;
    if info.keepalives {
        // The system's default of two hours would keep a dead connection for that long.
        let keepalive = TcpKeepalive::new()
            .with_time(info.keepalives_idle.unwrap_or(Duration::from_secs(30)))
            .with_interval(info.keepalives_interval.unwrap_or(Duration::from_secs(10)))
            .with_retries(info.keepalives_count.unwrap_or(3));
        socket.set_tcp_keepalive(&keepalive)?;
    }
    Ok(Box::new(stream))
}

/// Agrees on TLS as far as `mode` asks for it.
pub(super) async fn secure(
    info: &ConnectionInfo,
    host: &str,
    mode: SslMode,
    mut stream: Box<dyn Duplex>,
    guard: Guard,
) -> Result<(Wire, Encryption), AnyError> {
    let plain = |stream, guard, encryption| {
        let wire = Wire {
            stream,
            guard,
            end_point: None,
        };
        Ok((wire, encryption))
    };
    if mode == SslMode::Disable {
        return plain(stream, guard, Encryption::AsAsked);
    }
    if !info.tls.direct {
        stream.write_all(&SSL_REQUEST).await?;
        // One byte and no more: what follows in the clear would be someone else's (CVE-2021-23222).
        match stream.read_u8().await? {
            b'S' => {}
            _ if mode <= SslMode::Prefer => return plain(stream, guard, Encryption::NotOffered),
            _ => return Err("the server has no TLS, which sslmode asks for".into()),
        }
    }
    let (stream, end_point) = tls::handshake(info, host, stream).await?;
    let wire = Wire {
        stream,
        guard,
        end_point,
    };
    Ok((wire, Encryption::AsAsked))
}

/// Hands a stream to tokio-postgres as one that it need not encrypt.
pub(super) struct Established;

impl TlsConnect<Wire> for Established {
    type Stream = Wire;
    type Error = Infallible;
    type Future = Ready<Result<Wire, Infallible>>;

    fn connect(self, wire: Wire) -> Self::Future {
        ready(Ok(wire))
    }
}

impl TlsStream for Wire {
    fn channel_binding(&self) -> ChannelBinding {
        let some = self.end_point.clone();
        some.map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let new = buf.filled().get(before..).unwrap_or_default();
        Poll::Ready(this.guard.see(new).map_err(io::Error::other))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
