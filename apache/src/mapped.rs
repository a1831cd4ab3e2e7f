//! Files mapped into memory, read-only.

use crate::process::Child;
use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// The bytes of a mapped file.
///
/// A page beyond the end of a file that was cut while it is mapped raises SIGBUS on access. In a
/// child that [survives](Child::survive_truncation) that, such a map reads as zeros from then on,
/// and nobody dies; elsewhere nothing is mapped.
///
/// Bytes may change under a reader if somebody writes to the file in place: whoever reads must
/// check each number that it finds, each time, as one does with bytes from anywhere. A program
/// that moves a new file into place changes nothing.
pub struct MappedFile {
    // Before the map is gone, its addresses are off the list.
    _listed: Listed,
    map: memmap2::Mmap,
}

impl MappedFile {
    /// Maps the whole of `file`.
    ///
    /// # Errors
    /// If the file is empty or cannot be mapped, or if this process would not survive that it is
    /// cut.
    pub fn map(file: &File) -> io::Result<Self> {
        if BEFORE.get().is_none() {
            let text = "files are mapped in children that survive their truncation";
            return Err(io::Error::other(text));
        }
        // SAFETY: the map is read-only. That the file shrinks is survived, as was just checked. That
        // it is written to in place cannot be ruled out: it is shared memory, of which all values
        // of all bytes are valid, and whose readers are told so above.
        let map = unsafe { memmap2::Mmap::map(file)? };
        Ok(Self {
            _listed: Listed::new(&map),
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
    /// Written before the region is in the list.
    next: AtomicPtr<Region>,
}

/// The first of all regions. They are used again, and never freed: the handler may read them.
static REGIONS: AtomicPtr<Region> = AtomicPtr::new(ptr::null_mut());

fn regions() -> impl Iterator<Item = &'static Region> {
    let mut next = REGIONS.load(Ordering::Acquire);
    std::iter::from_fn(move || {
        // SAFETY: null, or a region of the list, which is never freed.
        let region: &'static Region = unsafe { next.as_ref() }?;
        next = region.next.load(Ordering::Acquire);
        Some(region)
    })
}

/// A place in the list.
struct Listed(&'static Region);

impl Listed {
    fn new(map: &[u8]) -> Self {
        let (start, length) = (map.as_ptr() as usize, map.len());
        let free = |region: &&Region| {
            // Taken by whoever sets the start; the length, which makes it valid, comes last.
            let (acquire, relaxed) = (Ordering::Acquire, Ordering::Relaxed);
            region
                .start
                .compare_exchange(0, start, acquire, relaxed)
                .is_ok()
        };
        let region = regions().find(free).unwrap_or_else(|| Region::add(start));
        region.length.store(length, Ordering::Release);
        Self(region)
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.0.length.store(0, Ordering::Release);
        self.0.start.store(0, Ordering::Release);
    }
}

/// What handled SIGBUS before us; set in a child that has our handler.
static BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

type PlainHandler = extern "C" fn(c_int);
type InfoHandler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

impl Child<'_> {
    /// From now on a file that is cut under a [`MappedFile`] does not end this process, and files
    /// may be mapped.
    ///
    /// httpd's own handlers are in place by then, and the code of ours stays mapped until the
    /// child ends. The parent has neither:
    ///
    /// ```no_run
    /// # fn example(child: apache::Child<'_>) {
    /// child.survive_truncation();
    /// # }
    /// ```
    ///
    /// ```compile_fail,E0599
    /// # fn example(configuration: apache::Configuration<'_>) {
    /// configuration.survive_truncation();
    /// # }
    /// ```
    pub fn survive_truncation(self) {
        let mut installs = false;
        // Known before ours is in place: until then a fault is not for us, and afterwards it may be
        // another module's.
        BEFORE.get_or_init(|| {
            installs = true;
            let mut before = MaybeUninit::<libc::sigaction>::zeroed();
            // SAFETY: writes to the record only.
            unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), before.as_mut_ptr()) };
            // SAFETY: written by the call; all zeros if it failed: no handler, no flags.
            unsafe { before.assume_init() }
        });
        if installs {
            // SAFETY: all zeros are a valid value: no handler, no flags, no signal blocked.
            let mut ours = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
            let handler: InfoHandler = on_bus_error;
            ours.sa_sigaction = handler as *const () as usize;
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: the handler calls nothing that a signal handler must not.
            let result = unsafe { libc::sigaction(libc::SIGBUS, &ours, ptr::null_mut()) };
            debug_assert_eq!(result, 0, "SIGBUS can be handled");
        }
    }
}

/// Puts zeros in the place of a map whose file was cut; any other fault goes to who handled it
/// before. Not through the guard: there is nothing here that panics, and unwinding out of a signal
/// is not for a handler.
extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a live record.
    let fault = unsafe { &*info };
    // SAFETY: the field may be read always; it means something where the kernel found the fault.
    let address = unsafe { fault.si_addr() } as usize;
    let found_by_kernel = fault.si_code > 0;
    if found_by_kernel && regions().any(|region| region.covers(address) && region.blank()) {
        return;
    }
    let Some(before) = BEFORE.get() else {
        return end_by(signal, found_by_kernel);
    };
    match before.sa_sigaction {
        libc::SIG_IGN if !found_by_kernel => {}
        libc::SIG_DFL | libc::SIG_IGN => end_by(signal, found_by_kernel),
        // Ours stays in place: the fault may be another module's, whose handler mends it.
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: what was registered with this flag is a function of this type.
            let handler = unsafe { std::mem::transmute::<usize, InfoHandler>(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: what was registered without it is a function of this type.
            let handler = unsafe { std::mem::transmute::<usize, PlainHandler>(handler) };
            handler(signal);
        }
    }
}

/// Leaves the process to the signal. A fault repeats when the handler returns.
fn end_by(signal: c_int, found_by_kernel: bool) {
    // SAFETY: all zeros are SIG_DFL.
    let default = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
    // SAFETY: a valid record.
    unsafe { libc::sigaction(signal, &default, ptr::null_mut()) };
    if !found_by_kernel {
        // SAFETY: a signal that someone sent does not repeat by itself.
        unsafe { libc::raise(signal) };
    }
}

impl Region {
    /// A further one, which is taken for a map at `start`.
    fn add(start: usize) -> &'static Self {
        let region: &'static Self = Box::leak(Box::new(Self {
            start: AtomicUsize::new(start),
            length: AtomicUsize::new(0),
            next: AtomicPtr::new(REGIONS.load(Ordering::Acquire)),
        }));
        let new = ptr::from_ref(region).cast_mut();
        let (release, acquire) = (Ordering::AcqRel, Ordering::Acquire);
        let mut next = region.next.load(Ordering::Relaxed);
        while let Err(first) = REGIONS.compare_exchange(next, new, release, acquire) {
            region.next.store(first, Ordering::Release);
            next = first;
        }
        region
    }

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
