//! Survives the loss of mapped pages.
//!
//! Who reads a page of a mapping that lies behind the end of its file, because the file was cut short since, is sent SIGBUS
//! and dies of it. For mappings that are registered here the handler puts zeros in the place of everything from that page
//! on, notes where, and lets the reader go on. All other faults take the way they took before.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Mappings at a time: one is read after the other, so a few are enough; tests read side by side.
const SLOTS: usize = 128;

/// What the handler knows of a mapping. Handlers may take no locks and no memory, so it is all atomics.
struct Slot {
    taken: AtomicBool,
    /// Its first address; the highest there is while the slot is not in use, so that no address lies in it.
    start: AtomicUsize,
    end: AtomicUsize,
    /// Bytes from here on are lost.
    lost: AtomicUsize,
}

static SLOT: [Slot; SLOTS] = [const {
    Slot {
        taken: AtomicBool::new(false),
        start: AtomicUsize::new(usize::MAX),
        end: AtomicUsize::new(0),
        lost: AtomicUsize::new(usize::MAX),
    }
}; SLOTS];

/// What is done about other faults, and the size of a page.
static BEFORE: OnceLock<(libc::sigaction, usize)> = OnceLock::new();

/// A mapping that survives, for as long as this lives.
#[derive(Debug)]
pub(super) struct Guarded(usize);

impl Guarded {
    /// Registers a mapping.
    pub(super) fn new(map: &[u8]) -> io::Result<Guarded> {
        let none = || io::Error::other("too many files are mapped at once");
        install()?;
        let at = SLOT.iter().position(|slot| !slot.taken.swap(true, Ordering::AcqRel)).ok_or_else(none)?;
        let (slot, start) = (&SLOT[at], map.as_ptr() as usize);
        slot.lost.store(usize::MAX, Ordering::Relaxed);
        slot.end.store(start + map.len(), Ordering::Relaxed);
        slot.start.store(start, Ordering::Release);
        Ok(Guarded(at))
    }

    /// From which byte on it is lost, so far.
    pub(super) fn lost_from(&self) -> usize {
        SLOT[self.0].lost.load(Ordering::Acquire)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let slot = &SLOT[self.0];
        slot.start.store(usize::MAX, Ordering::Release);
        slot.taken.store(false, Ordering::Release);
    }
}

/// Puts the handler in its place, once.
fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
    let install = || {
        // SAFETY: sigaction is plain data for which zeros are a valid value (the default action); sysconf and sigaction
        // get valid pointers or null. The handler keeps to what handlers may do, see there.
        unsafe {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
            let mut before: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut before) != 0 {
                return Err(io::Error::last_os_error().raw_os_error().unwrap_or(0));
            }
            let _ = BEFORE.set((before, page));
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            if libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error().raw_os_error().unwrap_or(0));
            }
        }
        Ok(())
    };
    INSTALLED.get_or_init(install).map_err(io::Error::from_raw_os_error)
}

/// The handler. It reads atomics, makes system calls, and nothing else.
extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // Set before the handler was put in its place.
    let Some((before, page)) = BEFORE.get() else { return };
    // SAFETY: with SA_SIGINFO the system hands over a valid siginfo_t, and for SIGBUS si_addr is the address at fault.
    let address = unsafe { (*info).si_addr() } as usize;
    if !heal(address, *page) {
        pass_on(before, signal, info, context);
    }
}

/// Puts zeros from the page at fault on, if it is one of a registered mapping.
fn heal(address: usize, page: usize) -> bool {
    for slot in &SLOT {
        let start = slot.start.load(Ordering::Acquire);
        let end = slot.end.load(Ordering::Relaxed);
        if !(start..end).contains(&address) {
            continue;
        }
        let from = address & !(page - 1);
        // SAFETY: from the page at fault to the end of a mapping that is registered, and so still mapped and nobody
        // else's: only pages of that mapping are replaced, by pages that can be read like them. mmap is a plain system
        // call and leaves errno alone when it succeeds.
        let mapped = unsafe {
            libc::mmap(
                from as *mut libc::c_void,
                end - from,
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        if mapped == libc::MAP_FAILED {
            return false;
        }
        slot.lost.fetch_min(from.saturating_sub(start), Ordering::AcqRel);
        return true;
    }
    false
}

/// What would have happened without us.
fn pass_on(
    before: &libc::sigaction,
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let handler = before.sa_sigaction;
    // SAFETY: whoever installed the handler promised that it has the form that its flags tell; the arguments are those
    // that the system gave. Without a handler the default is restored: the fault comes again and ends the process.
    unsafe {
        if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
            libc::signal(signal, libc::SIG_DFL);
        } else if before.sa_flags & libc::SA_SIGINFO != 0 {
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                std::mem::transmute(handler);
            handler(signal, info, context);
        } else {
            let handler: extern "C" fn(libc::c_int) = std::mem::transmute(handler);
            handler(signal);
        }
    }
}
