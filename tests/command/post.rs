//! What a run hands out besides its page: a mail, figures for Prometheus, the manual page, completions.

use super::{REFUSED, SENT, file, run, smtpulse};

fn log() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", format!("{REFUSED}{SENT}"));
    (folder, log)
}

#[test]
fn a_mail_is_for_whom_it_is_said_to_be() {
    let (_folder, log) = log();
    let mail = run(&["-f", "mail", &log]);
    assert_eq!(mail.code, Some(0), "{}", mail.err);
    assert!(
        mail.out.starts_with("To: <root>\nSubject: "),
        "who sends it is the mail server's to say: {}",
        mail.out
    );
    let words =
        ["-f", "mail", "--mail-to", "a@example.com", "--mail-to", "b", "--mail-from", "c@example.net", &log];
    let mail = run(&words).out;
    assert!(mail.starts_with("From: <c@example.net>\nTo: <a@example.com>, <b>\nSubject: "), "{mail}");
    assert!(mail.contains("@example.net>\nAuto-Submitted: auto-generated\n"), "{mail}");
    let id = |mail: &str| mail.lines().find(|line| line.starts_with("Message-ID: ")).map(str::to_owned);
    assert_ne!(id(&mail), id(&run(&words).out), "no two mails have one name");
}

#[test]
fn no_mail_where_nothing_is_to_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", SENT);
    let done = run(&["-q", "-f", "mail", &log]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""));
}

#[test]
fn addresses_that_are_none_are_refused() {
    let (_folder, log) = log();
    for address in ["a@b\nBcc: c@d", "A <a@b>", "a b", ""] {
        let done = run(&["-f", "mail", "--mail-to", address, &log]);
        assert_eq!(done.code, Some(2), "{address:?}");
        assert!(done.err.contains("postmaster@example.com"), "it says what is wanted: {}", done.err);
        assert_eq!(done.out, "");
    }
}

#[test]
fn figures_are_written_whatever_the_page() {
    let (folder, log) = log();
    let figures = folder.path().join("smtpulse.prom");
    let name = figures.to_str().unwrap();
    let missing = folder.path().join("missing.log");
    let done = run(&["-q", "--prometheus", name, &log, missing.to_str().unwrap()]);
    assert_eq!(done.code, Some(3), "{}", done.err);
    let text = std::fs::read_to_string(&figures).unwrap();
    for sample in [
        "smtpulse_attempts{provider=\"google\",action=\"failed\"} 1",
        "smtpulse_attempts{provider=\"unknown\",action=\"delivered\"} 1",
        "smtpulse_answers{provider=\"google\",class=\"5xx\"} 1",
        "smtpulse_enforcement_answers{provider=\"google\"} 1",
        "smtpulse_inputs{state=\"complete\"} 1",
        "smtpulse_inputs{state=\"skipped\"} 1",
        "smtpulse_lines{class=\"attempts\"} 2",
        "smtpulse_last_line_timestamp_seconds 1772881200",
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample}: {text}");
    }
    let ran =
        text.lines().find_map(|line| line.strip_prefix("smtpulse_last_run_timestamp_seconds ")).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(ran.parse().unwrap()) < 600, "{ran}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left behind");
}

#[test]
fn figures_that_nobody_would_read_are_refused() {
    let (folder, log) = log();
    for name in ["smtpulse.txt", "prom", ".prom"] {
        let done = run(&["--prometheus", folder.path().join(name).to_str().unwrap(), &log]);
        assert_eq!(done.code, Some(2), "{name}");
        assert!(done.err.contains("end in .prom"), "{}", done.err);
    }
    let done = run(&["--prometheus", folder.path().join("no/such/a.prom").to_str().unwrap(), &log]);
    assert_eq!(done.code, Some(4), "{}", done.err);
    assert!(done.err.contains("a.prom"), "{}", done.err);
}

#[test]
fn figures_of_several_hosts() {
    let (folder, log) = log();
    let summary = folder.path().join("mx1.json");
    let figures = folder.path().join("all.prom");
    assert_eq!(run(&["-q", "--summary", summary.to_str().unwrap(), &log]).code, Some(0));
    let done = run(&["merge", "-q", "--prometheus", figures.to_str().unwrap(), summary.to_str().unwrap()]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(std::fs::read_to_string(&figures).unwrap().contains("smtpulse_lines{class=\"attempts\"} 2\n"));
}

/// The visible commands, as the help lists them.
fn commands() -> Vec<String> {
    let help = run(&["--help"]).out;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let words = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    words.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn the_manual_has_every_command_and_what_a_page_of_it_has() {
    let page = run(&["man"]);
    assert_eq!((page.code, page.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = page.out.lines().collect();
    for section in [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "COMMANDS",
        "EXAMPLES",
        "\"EXIT STATUS\"",
        "FILES",
        "ENVIRONMENT",
    ] {
        assert!(lines.contains(&format!(".SH {section}").as_str()), "{section}");
    }
    let commands = commands();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        assert!(lines.contains(&format!(".SS {command}").as_str()), "{command}");
    }
    for word in ["/var/log/mail.log", "NO_COLOR", "\\-\\-prometheus"] {
        assert!(page.out.contains(word), "{word}");
    }
    let here = env!("CARGO_MANIFEST_DIR");
    assert!(!page.out.contains(here), "it is the same wherever it was built");
    assert_eq!(
        page.out,
        String::from_utf8(smtpulse().env("COLUMNS", "40").arg("man").output().unwrap().stdout).unwrap()
    );
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = run(&["completions", shell]);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{shell}");
        for command in commands() {
            assert!(done.out.contains(&command), "{shell}: {command}");
        }
    }
    assert_eq!(run(&["completions", "csh"]).code, Some(2));
}
