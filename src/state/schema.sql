-- What nightly runs keep. Times are seconds since 1970, days as a calendar of the run's time zone shows them. Hashes are
-- XXH3, 64 bits, kept as signed numbers. Nothing in here holds an address in clear unless that was asked for.

-- Single values. 'key': the random key that addresses are hashed with.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- One row for each run that read anything.
CREATE TABLE nights (
    id         INTEGER PRIMARY KEY,
    started    INTEGER NOT NULL,  -- when the run began
    first      INTEGER,           -- first and last stamp of the lines that were read
    last       INTEGER,
    lines      INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,  -- at other hosts
    delivered  INTEGER NOT NULL,  -- with what was relayed
    delayed    INTEGER NOT NULL,
    failed     INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    recipients INTEGER NOT NULL,
    incomplete INTEGER NOT NULL,  -- inputs that were not read to their end, or lost
    version    TEXT NOT NULL,     -- of the program
    summary    BLOB               -- all counts, as `smtpulse --summary` writes them, packed by zstd; NULL once it has become old
);

-- What was answered, by day.
CREATE TABLE codes (
    night        INTEGER NOT NULL REFERENCES nights (id) ON DELETE CASCADE,
    day          TEXT,              -- 2026-03-07; NULL for lines without a stamp
    direction    TEXT NOT NULL,     -- out, in, local
    provider     TEXT,
    action       TEXT NOT NULL,     -- delivered, relayed, delayed, failed, rejected
    basic        INTEGER,           -- 550
    enhanced     TEXT,              -- 5.7.26
    marker       TEXT,
    category     TEXT NOT NULL,     -- as the catalogue of that night said
    enforcement  INTEGER NOT NULL,  -- 1 for what senders are required to do
    dead_address INTEGER NOT NULL,  -- 1 where it lies with the recipient
    policy       INTEGER NOT NULL,  -- 1 where it lies with us
    count        INTEGER NOT NULL
);
CREATE INDEX codes_by_day ON codes (day);
CREATE INDEX codes_by_night ON codes (night);

-- What stood out.
CREATE TABLE findings (
    night    INTEGER NOT NULL REFERENCES nights (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL,     -- spike, escalation, shift, level, recurring, appearance
    severity TEXT NOT NULL,     -- critical, warning, notice
    provider TEXT NOT NULL,
    basic    INTEGER,
    enhanced TEXT,
    marker   TEXT,
    started  INTEGER,
    ended    INTEGER,           -- NULL while it goes on
    ongoing  INTEGER NOT NULL,
    events   INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    title    TEXT NOT NULL
);
CREATE INDEX findings_by_night ON findings (night);

-- Logs by the names they are asked for.
CREATE TABLE logs (
    path  TEXT PRIMARY KEY,
    since INTEGER NOT NULL      -- when it was read first
) WITHOUT ROWID;

-- Files that were read, or left out on purpose; known by how they begin, whatever they are called and however they are
-- compressed by now.
CREATE TABLE files (
    id          INTEGER PRIMARY KEY,
    log         TEXT NOT NULL,     -- the name it was asked for by, before it was rotated away
    name        TEXT NOT NULL,     -- where it lay last
    state       TEXT NOT NULL CHECK (state IN ('open', 'done', 'left out')),
                                   -- open: more may come; left out: from before the first night
    start_bytes INTEGER NOT NULL,  -- how many of its first bytes are hashed
    start_hash  INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,  -- the first of these, by which a file that has become shorter is known
    first_hash  INTEGER NOT NULL,
    position    INTEGER NOT NULL,  -- bytes that are counted, unpacked
    lines       INTEGER NOT NULL,  -- lines that are
    tail_bytes  INTEGER,           -- the bytes before the position
    tail_hash   INTEGER,
    seen        INTEGER NOT NULL,  -- how long it was, unpacked
    clock       TEXT,              -- what its stamps leave to the next one, JSON
    stat        TEXT NOT NULL,     -- device, inode, length and date on the disk
    told        INTEGER NOT NULL,  -- 1 when its damage was reported
    last        INTEGER NOT NULL   -- when it was there last
);

-- What one night leaves to the next, by name: JSON, the queue in fewer bytes, packed by zstd.
CREATE TABLE carry (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    hash  INTEGER NOT NULL
) WITHOUT ROWID;

-- For dashboards: each answer of each day, each provider's day.
CREATE VIEW daily_codes AS
    SELECT day, direction, provider, action, basic, enhanced, marker, category, enforcement, SUM(count) AS count
    FROM codes
    GROUP BY day, direction, provider, action, basic, enhanced, marker, category, enforcement;

CREATE VIEW provider_days AS
    SELECT day, provider,
        SUM(count) AS attempts,
        SUM(CASE WHEN action IN ('delivered', 'relayed') THEN count ELSE 0 END) AS delivered,
        SUM(CASE WHEN action = 'delayed' THEN count ELSE 0 END) AS delayed,
        SUM(CASE WHEN action = 'failed' THEN count ELSE 0 END) AS failed,
        SUM(enforcement * count) AS enforcement,
        SUM(dead_address * count) AS dead_address,
        SUM(policy * count) AS policy
    FROM codes
    WHERE direction = 'out'
    GROUP BY day, provider;
