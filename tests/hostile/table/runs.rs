//! What is typed, and what is around it: `$S` is the program, in a folder with a `mail.log` of two good lines.

/// What is typed; the exit code; what standard output and standard error hold, nothing where that is empty.
pub(super) type Run = (&'static str, i32, &'static str, &'static str);

/// The verdict on the two lines.
const FINE: &str = "OK 2 attempts";

pub(super) const ROWS: [Run; 88] = [
    // What is no file to read.
    ("mkdir d; $S d", 4, "", "d: is a directory"),
    ("mkdir d; $S -f line d mail.log", 3, FINE, "name the log files in it"),
    ("$S missing", 4, "", "missing: No such file"),
    ("$S -f line missing mail.log", 3, FINE, "missing: No such file"),
    ("$S ''", 2, "", "a value is required"),
    ("$S -- -x", 4, "", "-x: No such file"),
    ("$S mail.log/x", 4, "", "mail.log/x: Not a directory"),
    ("$S $(printf %0300d 1)", 4, "", "File name too long"),
    ("$S \"$(printf 'a\\033[2J\\302\\233b')\"", 4, "", "a\\x1b[2J\\u{9b}b: No such file"),
    ("$S \"$(printf 'a\\377b')\"", 4, "", "No such file"),
    ("ln -s loop loop; $S loop", 4, "", "Too many levels of symbolic links"),
    ("ln -s nowhere dangling; $S dangling", 4, "", "dangling: No such file"),
    // What is no regular file and can be read.
    ("mkfifo p; cat mail.log >p & $S -f line p", 0, FINE, ""),
    ("$S -f line /dev/null", 0, "EMPTY", ""),
    ("$S -f line /proc/version", 3, "EMPTY", "no line of a log in it"),
    ("$S /proc/self/mem", 4, "", "/proc/self/mem: "),
    ("$S -f line - <mail.log", 0, FINE, ""),
    ("$S -f line - - <mail.log", 0, FINE, "-: begins like - and is no longer: the same log, counted once"),
    ("cat mail.log | $S -f line - -", 0, FINE, ""),
    ("$S -f line - <&-", 0, "EMPTY", ""),
    ("mkdir d; $S - <d", 4, "", "-: is a directory"),
    // The same log again.
    ("$S -f line mail.log mail.log", 0, FINE, "counted once"),
    ("ln mail.log hard; $S -f line mail.log hard", 0, FINE, "counted once"),
    ("gzip <mail.log >mail.log.1.gz; $S -f line mail.log mail.log.1.gz", 0, FINE, "counted once"),
    (": >mail.log.1.gz; $S -f line mail.log mail.log.1.gz", 3, FINE, "was the disk full"),
    // Words that are wrong.
    ("$S --since 2026-03-08 --until 2026-03-07 mail.log", 2, "", "--since is not before --until"),
    ("$S --since 'Febtober 3rd' mail.log", 2, "", "not a time; use"),
    ("$S --since '99999999999 years ago' mail.log", 2, "", "not a time; use"),
    ("$S --tz Mars/Olympus mail.log", 2, "", "no such time zone; use"),
    ("$S --tz ../../etc/passwd mail.log", 2, "", "no such time zone; use"),
    ("$S --year 0 mail.log", 2, "", "1980..=2200"),
    ("$S --year MMXXVI mail.log", 2, "", "invalid digit"),
    ("$S --threads=-1 mail.log", 2, "", "not in 0..=512"),
    ("$S --threads 513 mail.log", 2, "", "not in 0..=512"),
    ("$S -f line --threads 64 mail.log", 0, FINE, ""),
    ("$S --top 99999999999999999999 mail.log", 2, "", "number too large"),
    ("$S -f line --top 0 mail.log", 0, FINE, ""),
    ("$S --provider '' mail.log", 2, "", "no provider of that name"),
    ("$S --fail-on rain mail.log", 2, "", "enforcement"),
    ("$S -f yaml mail.log", 2, "", "json"),
    // Surroundings.
    ("TERM=dumb LANG=C LC_ALL=C $S -f line mail.log", 0, FINE, ""),
    ("COLUMNS=0 $S mail.log", 0, "2 attempts", ""),
    ("COLUMNS=99999999999999999999 $S mail.log", 0, "2 attempts", ""),
    ("TZ=:/etc/passwd $S -f line mail.log", 0, FINE, ""),
    ("env -i \"$S\" -f line mail.log", 0, FINE, ""),
    ("cp mail.log old; touch -d '1970-01-01 00:00:00Z' old; $S -f line --since '2h ago' old", 0, "EMPTY", ""),
    ("sed 's/^[^ ]*/Mar  7 10:00:00/' mail.log >old; touch -d '1969-01-01' old; $S -f line old", 0, FINE, ""),
    ("ulimit -n 8; $S -f line mail.log", 0, FINE, ""),
    ("ulimit -v 400000; $S -f line --threads 2 mail.log", 0, FINE, ""),
    (
        "for n in $(seq 300); do sed \"s/4F1A2B/4F1A$n/;s/:00+/:$((n % 60 / 10))$((n % 10))+/\" mail.log >$n; done; \
         ulimit -n 64; $S -f line $(seq 300)",
        0,
        "(300 of 300, 100 %)",
        "",
    ),
    // Places that take no output.
    ("$S mail.log >/dev/full", 4, "", "cannot write standard output: No space left"),
    ("$S events mail.log >/dev/full", 4, "", "cannot write standard output: No space left"),
    ("$S events mail.log | head -n 0", 0, "", ""),
    ("$S -o /dev/full mail.log", 4, "", "cannot write /dev/full: No space left"),
    ("$S -o . mail.log", 4, "", "cannot write .: is a directory"),
    ("$S -o missing/page mail.log", 4, "", "cannot write missing/page"),
    ("$S -o /proc/page mail.log", 4, "", "cannot write /proc/page"),
    ("$S -f line --summary . mail.log", 4, FINE, "cannot write .: is a directory"),
    ("$S -f line mail.log 2>/dev/full", 0, FINE, ""),
    // Summaries.
    ("$S -q --summary one mail.log; $S merge -f line one", 0, FINE, ""),
    ("$S -q --summary one mail.log; $S merge one one", 2, "", "would be counted twice"),
    (
        "$S -q --summary one mail.log; sed 's,summary/[0-9]*,summary/99,' one >two; $S merge two",
        4,
        "",
        "summary/99",
    ),
    (
        "$S -q --summary one mail.log; sed 's/\"lines\":2/\"lines\":3/' one >two; $S merge two",
        4,
        "",
        "checksum",
    ),
    (
        "$S -q --summary one mail.log; head -c 200 one >two; $S merge -f line two one",
        3,
        FINE,
        "two: not a summary, or a damaged one",
    ),
    ("$S -f json mail.log >page; $S merge page", 4, "", "smtpulse.report/1"),
    ("$S merge mail.log", 4, "", "mail.log: not a summary"),
    (": >empty; $S merge empty", 4, "", "empty: not a summary"),
    ("head -c 100000 /dev/zero | tr '\\0' '[' >deep; $S merge deep", 4, "", "deep: not a summary"),
    ("mkdir d; $S merge d", 4, "", "d: Is a directory"),
    // Catalogues.
    (": >own.toml; $S codes --check own.toml", 0, "own.toml is good", ""),
    ("echo '[[code' >own.toml; $S codes --check own.toml", 2, "", "own.toml:1: "),
    (
        "printf '[[code]]\\nenhanced = 5\\n' >own.toml; $S codes --check own.toml",
        2,
        "",
        "own.toml:2: enhanced: ",
    ),
    (
        "printf '[[code]]\\nenhanced = \"5.7.x.y\"\\n' >own.toml; $S codes --check own.toml",
        2,
        "",
        "is no enhanced code: expected 5.7.26",
    ),
    (
        "echo 'colour = 1' >own.toml; $S --catalog own.toml mail.log",
        2,
        "",
        "own.toml:1: colour: unknown field",
    ),
    (
        "printf 'family = \"\\377\"' >own.toml; $S codes --check own.toml",
        2,
        "",
        "own.toml: stream did not contain valid UTF-8",
    ),
    (
        "(printf 'family = '; head -c 100000 /dev/zero | tr '\\0' '[') >own.toml; $S codes --check own.toml",
        2,
        "",
        "own.toml:1: family: ",
    ),
    (
        "(printf family; yes .a | head -n 50000 | tr -d '\\n'; echo ' = 1') >own.toml; $S codes --check own.toml",
        2,
        "",
        "own.toml:1: family.a.a",
    ),
    ("$S codes --check missing.toml", 2, "", "missing.toml: No such file"),
    // Questions.
    ("$S explain ''", 2, "", "empty; paste a code"),
    ("$S explain - </dev/null", 2, "", "empty; paste a code"),
    ("head -c 100000 /dev/zero | $S explain -", 2, "", "is no SMTP code or reply"),
    ("$S explain \"550 5.7.26 $(printf %070000d 1)\"", 0, "550 5.7.26", ""),
    ("$S explain \"$(printf '550 5.7.26 \\033[2J\\302\\233')\"", 0, "550 5.7.26", ""),
    ("$S explain missing.eml", 4, "", "missing.eml: no such file"),
    // Counts and sizes.
    ("echo nonsense >c; $S spikes c", 4, "", "c:1: has 1 fields instead of the six"),
    ("printf 'a,b,0,-1,nan,x\\n' >c; $S spikes c", 4, "", "c:1: "),
    (": >c; $S spikes c", 0, "", ""),
    ("$S gen --size 10ZiB", 2, "", "is no size: expected something like"),
];
