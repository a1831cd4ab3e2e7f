//! Files mapped into memory, read-only.

use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes of a mapped file.
///
/// A page beyond the end of a file that was cut while it is mapped raises SIGBUS on access. After
/// [`survive_truncation`] such a map reads as zeros from then on, and nobody dies; until then only
/// files may be mapped that are replaced by moving a new one into place.
pub struct MappedFile {
    // Before the map is gone, its addresses are off the list.
    _listed: Listed,
    map: memmap2::Mmap,
}

impl MappedFile {
    /// Maps the whole of `file`.
    ///
    /// # Errors
    /// If the file is empty or cannot be mapped, or if far too many are.
    pub fn map(file: &File) -> io::Result<Self> {
        // SAFETY: the map is read-only and private to this process; the documented condition
        // on the file's writers is passed on above.
        let map = unsafe { memmap2::Mmap::map(file)? };
        Ok(Self {
            _listed: Listed::new(&map)?,
            map,
        })
    }
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.map
    }
}

/// The addresses of one map; a signal handler reads them, so there is no lock. Length 0: free.
struct Region {
    start: AtomicUsize,
    length: AtomicUsize,
}

/// Maps of a process at a time: one for each file that the configuration names, and for a moment
/// one more. Children inherit those of the parent together with the list.
static REGIONS: [Region; 256] = [const {
    Region {
        start: AtomicUsize::new(0),
        length: AtomicUsize::new(0),
    }
}; 256];

/// A place in the list.
struct Listed(&'static Region);

impl Listed {
    fn new(map: &[u8]) -> io::Result<Self> {
        let (start, length) = (map.as_ptr() as usize, map.len());
        let free = |region: &&Region| {
            // Taken by whoever sets the start; the length, which makes it valid, comes last.
            let (acquire, relaxed) = (Ordering::Acquire, Ordering::Relaxed);
            region
                .start
                .compare_exchange(0, start, acquire, relaxed)
                .is_ok()
        };
        let region = REGIONS.iter().find(free);
        let region = region.ok_or_else(|| io::Error::other("too many maps"))?;
        region.length.store(length, Ordering::Release);
        Ok(Self(region))
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.0.length.store(0, Ordering::Release);
        self.0.start.store(0, Ordering::Release);
    }
}

/// What handled SIGBUS before us.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// From now on a file that is cut under a [`MappedFile`] does not end this process.
///
/// For `child_init`: httpd's own handlers are in place by then, and the code of ours stays mapped
/// until the child ends.
pub fn survive_truncation() {
    BEFORE.get_or_init(|| {
        let mut before = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: all zeros are a valid value: no handler, no flags, no signal blocked.
        let mut ours = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_bus_error;
        ours.sa_sigaction = handler as *const () as usize;
        ours.sa_flags = libc::SA_SIGINFO;
        // SAFETY: the handler calls nothing that a signal handler must not; both records are live.
        let result = unsafe { libc::sigaction(libc::SIGBUS, &ours, before.as_mut_ptr()) };
        debug_assert_eq!(result, 0, "SIGBUS can be handled");
        // SAFETY: written by the call; all zeros if it failed, which is valid, too.
        unsafe { before.assume_init() }
    });
}

/// Puts zeros in the place of a map whose file was cut; any other fault goes to who handled it
/// before. Not through the guard: there is nothing here that panics, and unwinding out of a signal
/// is not for a handler.
extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a live record.
    let info = unsafe { &*info };
    // SAFETY: the field may be read always; it means something where the kernel found the fault.
    let address = unsafe { info.si_addr() } as usize;
    let found_by_kernel = info.si_code > 0;
    if found_by_kernel
        && REGIONS
            .iter()
            .any(|region| region.covers(address) && region.blank())
    {
        return;
    }
    let default = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: all zeros are SIG_DFL.
    let default = unsafe { default.assume_init() };
    let before = BEFORE.get().unwrap_or(&default);
    // SAFETY: restores a record that was in force. A fault repeats when we return, and meets it.
    unsafe { libc::sigaction(signal, before, ptr::null_mut()) };
    if !found_by_kernel {
        // SAFETY: a signal that someone sent does not repeat by itself.
        unsafe { libc::raise(signal) };
    }
}

impl Region {
    fn covers(&self, address: usize) -> bool {
        let length = self.length.load(Ordering::Acquire);
        let start = self.start.load(Ordering::Acquire);
        (start..start.saturating_add(length)).contains(&address)
    }

    /// The whole map, so that nobody reads a mixture for longer than it takes.
    fn blank(&self) -> bool {
        let start = self.start.load(Ordering::Acquire) as *mut c_void;
        let length = self.length.load(Ordering::Acquire);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        // SAFETY: the addresses are those of a map of ours that is being read, so it is live and
        // read-only; what takes its place has the same size and is read-only, too.
        let blank = unsafe { libc::mmap(start, length, libc::PROT_READ, flags, -1, 0) };
        blank == start
    }
}
