//! On what kind of file system a file lies.

use std::fs::File;

/// File systems whose files must not be mapped: another machine or another program may take pages away at any time, or
/// there are no pages. Numbers of `statfs(2)` and Linux's `magic.h`.
#[cfg(target_os = "linux")]
const NO_PAGES: [u32; 14] = [
    0x6969,      // nfs
    0x517b,      // smb
    0xfe53_4d42, // smb2
    0xff53_4d42, // cifs
    0x6573_5546, // fuse, sshfs, s3fs
    0x0102_1997, // 9p
    0x5346_414f, // afs
    0x6b41_4653, // kafs
    0x00c3_6400, // ceph
    0x7375_7245, // coda
    0x0bd0_0bd0, // lustre
    0x4750_4653, // gpfs
    0x9fa0,      // proc
    0x6265_6572, // sysfs
];

/// Whether a file may be mapped rather than read.
#[cfg(target_os = "linux")]
pub fn may_be_mapped(file: &File) -> bool {
    use std::os::fd::AsRawFd;
    let mut about = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the descriptor is open as long as `file` is borrowed, and the buffer is of the type that the call fills.
    if unsafe { libc::fstatfs(file.as_raw_fd(), about.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the call has succeeded, so the buffer is filled.
    let about = unsafe { about.assume_init() };
    // The type differs from platform to platform; the numbers have 32 bits.
    #[allow(clippy::unnecessary_cast, reason = "not on every platform")]
    let kind = about.f_type as u32;
    !NO_PAGES.contains(&kind)
}

/// Whether a file may be mapped rather than read.
#[cfg(not(target_os = "linux"))]
pub fn may_be_mapped(_: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn files_of_the_kernel_have_no_pages() {
        assert!(!may_be_mapped(&File::open("/proc/self/status").unwrap()));
        assert!(may_be_mapped(&tempfile::tempfile().unwrap()));
    }
}
