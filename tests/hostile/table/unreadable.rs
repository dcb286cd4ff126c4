//! A file that may not be read among others that may.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::is_civil;
use super::texts::both;
use crate::command::PROGRAM;

/// Somebody who owns nothing (`nobody` on most systems): root may read everything.
const NOBODY: u32 = 65_534;

#[test]
fn a_file_that_may_not_be_read_is_told_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("mail.log"), both()).unwrap();
    fs::write(path("secret.log"), both()).unwrap();
    fs::set_permissions(path("secret.log"), Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
    if is_root {
        // Where the program lies nobody else may be let in.
        fs::copy(PROGRAM, path("smtpulse")).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(path("mail.log"), Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(path("smtpulse"), Permissions::from_mode(0o755)).unwrap();
    }
    for (names, code, printed) in
        [(&["secret.log"][..], 4, ""), (&["secret.log", "mail.log"], 3, "OK 2 attempts")]
    {
        let mut command = Command::new(PROGRAM);
        if is_root {
            command = Command::new(path("smtpulse"));
            command.uid(NOBODY).gid(NOBODY);
        }
        command.env_clear().env("TZ", "UTC").args(["-f", "line"]).args(names).current_dir(folder.path());
        let (found, out, err) = is_civil("secret.log", &command.output().unwrap());
        assert_eq!(found, Some(code), "{names:?}: {err}");
        assert!(out.starts_with(printed) && out.is_empty() == printed.is_empty(), "{names:?}: {out}");
        assert!(err.contains("secret.log: Permission denied"), "{names:?}: {err}");
    }
}
