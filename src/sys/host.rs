//! How this host is called.

/// The host's name as the system has it; `None` where it has none, or one that is no text.
pub fn host_name() -> Option<String> {
    // POSIX: names have 255 bytes at most.
    let mut name = [0u8; 256];
    // SAFETY: the buffer is ours, and one byte longer than what the call is told, so that what it writes always has an end.
    if unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) } != 0 {
        return None;
    }
    let name = std::ffi::CStr::from_bytes_until_nul(&name).ok()?.to_str().ok()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn it_is_what_the_kernel_says() {
        let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!(host_name().as_deref(), Some(kernel.trim()));
    }
}
