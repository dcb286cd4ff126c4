//! Reading bytes that change meanwhile.
//!
//! A mapped file may be cut short or written over while a chunk of it is read. What a parser has looked at may then be
//! something else when it looks again, and what it relies on no longer holds: it may panic. Such a panic says nothing of the
//! program; it is caught, the chunk is asked what was lost of it, and the rest is read again.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether a panic in this thread may be the fault of the file.
    static MAY_BE_UPSET: Cell<bool> = const { Cell::new(false) };
}

/// What `read` gives; `None` where it panicked, of which nobody hears.
pub(super) fn bear<T>(read: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !MAY_BE_UPSET.get() {
                usual(info);
            }
        }));
    });
    MAY_BE_UPSET.set(true);
    // What was half done is dropped: a part of the counts that nobody has seen yet.
    let done = panic::catch_unwind(AssertUnwindSafe(read));
    MAY_BE_UPSET.set(false);
    done.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_borne_and_the_next_one_is_not() {
        assert_eq!(bear(|| 7), Some(7));
        assert_eq!(bear(|| panic!("upset")), None::<()>);
        assert!(panic::catch_unwind(|| panic!("not upset")).is_err());
    }
}
