//! Pipes.

use std::os::fd::{AsFd, AsRawFd};

/// Bytes that a pipe is asked to hold: what Linux grants everybody (pipe(7), /proc/sys/fs/pipe-max-size).
#[cfg(target_os = "linux")]
const ROOM: libc::c_int = 1 << 20;

/// Gives a pipe more room, so that who writes and who reads wait for each other less often. Of no effect on what is no
/// pipe, and where the system does not want it.
#[cfg(target_os = "linux")]
pub fn widen(pipe: &impl AsFd) {
    // SAFETY: the descriptor is open as long as `pipe` is borrowed; the call takes a number and touches no memory of ours.
    unsafe { libc::fcntl(pipe.as_fd().as_raw_fd(), libc::F_SETPIPE_SZ, ROOM) };
}

/// Gives a pipe more room where the system can.
#[cfg(not(target_os = "linux"))]
pub fn widen(_: &impl AsFd) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pipe_gets_more_room_and_a_file_is_left_alone() {
        let (reader, _writer) = std::io::pipe().unwrap();
        // SAFETY: as above.
        let room = || unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_GETPIPE_SZ) };
        let before = room();
        widen(&reader);
        assert!(room() >= before);
        widen(&tempfile::tempfile().unwrap());
    }
}
