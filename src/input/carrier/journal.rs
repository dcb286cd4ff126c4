//! An entry of systemd's journal as the line that a syslog daemon would have written.

use super::parts::Record;
use super::plain;

/// The fields that make a line (systemd.journal-fields(7)); empty where an entry has none.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    /// `__REALTIME_TIMESTAMP`: microseconds since 1970, when the journal took the entry.
    pub(super) realtime: &'a [u8],
    /// `_HOSTNAME`.
    pub(super) host: &'a [u8],
    /// `SYSLOG_IDENTIFIER`: the tag that Postfix and Exim give themselves.
    pub(super) identifier: &'a [u8],
    /// `_COMM`: the name of the process.
    pub(super) command: &'a [u8],
    /// `_PID`, else `SYSLOG_PID`.
    pub(super) pid: &'a [u8],
    /// `MESSAGE`.
    pub(super) message: &'a [u8],
    /// `CONTAINER_ID`, of Docker's and Podman's journald drivers: the message is a line of what runs inside.
    pub(super) container: &'a [u8],
    /// `CONTAINER_PARTIAL_MESSAGE`: that line goes on in the container's next entry.
    pub(super) partial: bool,
}

impl<'a> Entry<'a> {
    /// As a record; `room` is where what stands before its text is put together.
    pub(super) fn record(&self, room: &'a mut Vec<u8>) -> Option<Record<'a>> {
        room.clear();
        plain::stamp(self.realtime, room)?;
        if self.container.is_empty() {
            self.sender(room);
        }
        Some(Record { before: room, source: self.container, partial: self.partial, text: self.message })
    }

    /// `host program[pid]: `, as `journalctl` prints it (`logs-show.c`, `output_short`).
    fn sender(&self, line: &mut Vec<u8>) {
        if !self.host.is_empty() {
            plain::word(self.host, line);
            line.push(b' ');
        }
        let named = [self.identifier, self.command].into_iter().find(|name| !name.is_empty());
        plain::word(named.unwrap_or(b"unknown"), line);
        if !self.pid.is_empty() {
            line.push(b'[');
            plain::word(self.pid, line);
            line.push(b']');
        }
        line.extend_from_slice(b": ");
    }
}
