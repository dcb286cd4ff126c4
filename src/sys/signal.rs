//! What happens when a signal comes.

/// Whether a signal is ignored, as `nohup` and shells want it of what runs in the background.
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: sigaction is plain data for which zeros are a valid value; the call fills it and changes nothing.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut now) == 0 && now.sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_pipe_is_ignored_as_std_does() {
        assert!(is_ignored(libc::SIGPIPE));
        assert!(!is_ignored(libc::SIGUSR2));
    }
}
