//! What only the system can do. Every `unsafe` call but for a processor's own instructions (`vector`) stands in this room,
//! each with the reason why it is sound.

#![allow(
    unsafe_code,
    reason = "this is the room for it: mapping files, and asking the system what std does not ask"
)]

mod disk;
mod guard;
mod host;
mod map;
mod pipe;
mod signal;

pub use disk::may_be_mapped;
pub use host::host_name;
pub use map::Mapped;
pub use pipe::widen;
pub use signal::is_ignored;
