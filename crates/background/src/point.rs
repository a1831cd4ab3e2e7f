//! The places.

/// Declares the points once: variant, name, what it stands for.
macro_rules! points {
    ($($variant:ident $name:literal $meaning:literal)*) => {
        /// A place where httpd, the scheduler or a pool enters our code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point {
            $(#[doc = $meaning] $variant,)*
        }

        impl Point {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// What the file that `MB_PANIC` names calls it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

points! {
    Register "register" "Hooks are registered."
    CreateDirectory "create-directory" "A directory's record is made."
    CreateServer "create-server" "A server's record is made."
    MergeDirectory "merge-directory" "Directory records are merged."
    MergeServer "merge-server" "Server records are merged."
    Setter "setter" "A directive is read."
    CheckConfig "check-config" "The configuration is checked."
    PostConfig "post-config" "The configuration is completed."
    ChildInit "child-init" "A child starts."
    ChildExit "child-exit" "A child ends."
    HeaderParser "header-parser" "The headers of a request are there."
    Handler "handler" "A request is to be answered."
    Answers "answers" "Another module begins to ask about the files of a directory."
    Answer "answer" "Another module asks about a file."
    AnswersEnd "answers-end" "Another module has asked."
    Status "status" "mod_status shows its page."
    NetworksAsked "networks-asked" "Another module asks about the table of networks."
    Cleanup "cleanup" "A pool gives up what it owns."
    Database "database" "The thread of a database starts."
    Connect "connect" "A connection is opened."
    Session "session" "A connection takes jobs."
    Driver "driver" "A connection's bytes start to move."
    Growth "growth" "Another connection may be needed."
    Probe "probe" "A statement that fails is tried."
    Mirrors "mirrors" "The table of mirrors is checked."
    Gauges "gauges" "The state of a database is noted."
    Renewals "renewals" "Records are renewed."
    Networks "networks" "The table of networks is checked."
    Memcached "memcached" "memcached is asked."
}

impl Point {
    /// Goes on, or panics if a test wants it so.
    #[inline]
    pub fn pass(self) {
        #[cfg(feature = "injection")]
        inject(self);
    }
}

#[cfg(feature = "injection")]
static FILE: std::sync::OnceLock<std::path::PathBuf> = std::sync::OnceLock::new();

/// Names the file that says which points panic.
#[cfg(feature = "injection")]
pub fn inject_from(file: std::path::PathBuf) {
    let _ = FILE.set(file);
}

/// A payload whose destructor panics.
#[cfg(feature = "injection")]
struct Bomb;

#[cfg(feature = "injection")]
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("injected: a payload is dropped");
    }
}

/// The file has a line for each point that panics: its name, and perhaps `payload`; or `abort`, for a
/// point that must not be passed.
#[cfg(feature = "injection")]
fn inject(point: Point) {
    let Some(file) = FILE.get() else {
        return;
    };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    for line in text.lines() {
        match line.split_once(' ') {
            None if line == point.name() => panic!("injected: {line}"),
            Some((name, "payload")) if name == point.name() => std::panic::panic_any(Bomb),
            Some((name, "abort")) if name == point.name() => std::process::abort(),
            _ => {}
        }
    }
}
