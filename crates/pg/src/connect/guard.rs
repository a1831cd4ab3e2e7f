//! Watches a server ask who we are, before anything is told.
//!
//! Reference: PostgreSQL documentation, "Message Formats", `Authentication...`.

use crate::connection_info::{Method, RequireAuth};

/// What is read of a message: its type, its length, and the number of an authentication request.
const HEAD: usize = 9;

/// Reads along with what the server says until the login is done.
pub(super) struct Guard {
    required: RequireAuth,
    /// Why there is no password, unless there is one.
    no_password: Option<String>,
    asked: bool,
    done: bool,
    head: Vec<u8>,
    /// Bytes of the current message that do not matter.
    skip: usize,
}

impl Guard {
    pub fn new(required: RequireAuth, no_password: Option<String>) -> Self {
        Self {
            required,
            no_password,
            asked: false,
            done: false,
            head: Vec::with_capacity(HEAD),
            skip: 0,
        }
    }

    /// Looks at what came next. An error must end the connection.
    pub fn see(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !self.done {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((&byte, rest)) = bytes.split_first() else {
                return Ok(());
            };
            bytes = rest;
            self.head.push(byte);
            self.look()?;
        }
        Ok(())
    }

    /// Looks at the message as far as it is there.
    fn look(&mut self) -> Result<(), String> {
        let number = |at: usize| {
            let bytes = self.head.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(bytes))
        };
        // The length counts itself, but not the type.
        let (kind, Some(length)) = (self.head.first().copied(), number(1)) else {
            return Ok(());
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX).max(4);
        if kind != Some(b'R') || length < 8 {
            self.skip = length - 4;
            self.head.clear();
            return Ok(());
        }
        let Some(request) = number(5) else {
            return Ok(());
        };
        self.skip = length - 8;
        self.head.clear();
        self.hear(request)
    }

    fn hear(&mut self, request: u32) -> Result<(), String> {
        let method = match request {
            0 => {
                self.done = true;
                if self.asked {
                    return Ok(());
                }
                Method::Nothing
            }
            3 => Method::Password,
            5 => Method::Md5,
            7 => Method::Gss,
            9 => Method::Sspi,
            10 => Method::ScramSha256,
            // The further course of one of these.
            _ => return Ok(()),
        };
        self.asked = true;
        if !self.required.allows(method) {
            return Err(match method {
                Method::Nothing => {
                    "the server does not ask who we are, which require_auth does not allow".into()
                }
                _ => format!("the server asks for {method}, which require_auth does not allow"),
            });
        }
        match &self.no_password {
            Some(why) if method != Method::Nothing => {
                Err(format!("the server asks for a password ({method}), {why}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(require_auth: &str, no_password: Option<&str>) -> Guard {
        let text = format!("require_auth={require_auth}");
        let info = crate::ConnectionInfo::parse_with(&text, |_| None).unwrap();
        Guard::new(info.require_auth, no_password.map(str::to_owned))
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [&[kind], &length.to_be_bytes()[..], body].concat()
    }

    fn request(number: u32) -> Vec<u8> {
        message(b'R', &number.to_be_bytes())
    }

    /// In pieces of any size.
    fn see(guard: &Guard, bytes: &[u8]) -> Result<(), String> {
        let outcomes: Vec<_> = (1..=bytes.len())
            .map(|size| {
                let mut guard = Guard::new(guard.required.clone(), guard.no_password.clone());
                bytes.chunks(size).try_for_each(|piece| guard.see(piece))
            })
            .collect();
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]));
        outcomes[0].clone()
    }

    #[test]
    fn what_is_not_allowed_is_named_before_it_is_answered() {
        let notice = message(b'N', b"SNOTICE\0R\0\0\0\x08\0\0\0\x03\0");
        let scram = message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0");
        let all = [&*notice, &scram, &request(11), &request(12), &request(0)].concat();
        assert_eq!(see(&guard("", None), &all), Ok(()));
        assert_eq!(see(&guard("scram-sha-256", None), &all), Ok(()));
        let refused = "the server asks for scram-sha-256, which require_auth does not allow";
        assert_eq!(see(&guard("md5", None), &all), Err(refused.into()));
        assert_eq!(see(&guard("none", None), &request(0)), Ok(()));
        assert!(see(&guard("!none", None), &request(0)).is_err());
        assert!(see(&guard("!password", None), &request(3)).is_err());
    }

    #[test]
    fn a_password_that_is_asked_for_in_vain_says_why_there_is_none() {
        let guard = guard("", Some("and there is none"));
        assert_eq!(see(&guard, &request(0)), Ok(()));
        let said = "the server asks for a password (md5), and there is none";
        assert_eq!(see(&guard, &request(5)), Err(said.into()));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(pieces in proptest::collection::vec("[RN\0\x08\x03]{0,9}", 0..9)) {
            let mut guard = guard("md5", None);
            for piece in pieces {
                let _ = guard.see(piece.as_bytes());
            }
        }
    }
}
