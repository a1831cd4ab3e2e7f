//! Where the database is: libpq connection strings.
#[derive(Clone, PartialEq, Eq, Hash)]
/// A parsed libpq connection string.
pub struct ConnectionInfo {}
/// Why a connection string was refused: one sentence that names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConnectionInfoError(String);
impl ConnectionInfo {
    /// Reads a connection string in key=value or URI form.
    pub fn parse(_text: &str) -> Result<Self, ConnectionInfoError> {
        Ok(Self {})
    }
}
impl std::fmt::Debug for ConnectionInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConnectionInfo")
    }
}
