"""Other programs that read mail logs or count lines, and where they come from."""
import os, re, shutil, subprocess, sys

# The Debian package of each. Of exim4-base only the one script is wanted, not a mail server: it is unpacked, not installed.
PACKAGES = {"rg": "ripgrep", "mawk": "mawk", "pflogsumm": "pflogsumm", "eximstats": "exim4-base", "valgrind": "valgrind"}
UNPACKED = {"eximstats": "usr/sbin/eximstats"}


def note(text):
    print(text, file=sys.stderr, flush=True)


def quietly(words, folder=None):
    try:
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    except OSError:
        return False
    return done.returncode == 0


def unpack(name, folder):
    os.makedirs(folder, exist_ok=True)
    if not quietly(["apt-get", "download", PACKAGES[name]], folder):
        return
    for file in sorted(os.listdir(folder)):
        if file.startswith(PACKAGES[name] + "_") and file.endswith(".deb"):
            quietly(["dpkg-deb", "-x", file, "."], folder)
            os.unlink(os.path.join(folder, file))


class Peers:
    """Finds programs, and gets them from Debian where that is allowed and possible."""

    def __init__(self, folder, install):
        self.folder, self.install, self.updated = folder, install, False

    def find(self, name):
        """The path of a program, or None with a line that says so."""
        kept = os.path.join(self.folder, UNPACKED.get(name, name))
        known = lambda: shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") or (kept if os.path.exists(kept) else None)
        if found := known():
            return found
        package = PACKAGES.get(name)
        if package and self.install and shutil.which("apt-get"):
            if not self.updated:
                self.updated = True
                quietly(["apt-get", "update"])
            if name in UNPACKED:
                unpack(name, self.folder)
            elif os.geteuid() == 0:
                quietly(["apt-get", "install", "-y", "--no-install-recommends", package])
        found = known()
        if not found:
            why = f"Debian's package {package} has it" if package else "it is not here"
            note(f"{name}: left out; {why}" + ("" if self.install else " (--no-install or --quick was given)"))
        return found


def version(path):
    """The first line that has a version in it."""
    done = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if not re.search(r"\d\.\d", done.stdout + done.stderr):
        done = subprocess.run([path, "-W", "version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if re.search(r"\d\.\d", line)]
    return lines[0] if lines else "version unknown"


# What one column costs: Postfix's own code of each delivery, counted.
HISTOGRAM = 'match($0, /, dsn=[0-9.]+, status=/) { n[substr($0, RSTART, RLENGTH)]++ } END { for (key in n) print n[key], key }'


def fast(peers, path, truth):
    """Commands that read a whole Postfix log in bearable time; for each what reads a count out of its answer, and the right count."""
    # Messages that the queue gave up have a status and no code.
    codes = truth["attempts_out"] + truth["attempts_local"] + truth["suspended"]
    first = lambda out: int(out.split()[0])
    total = lambda out: sum(int(line.split()[0]) for line in out.splitlines())
    wanted = [("grep", ["-c", ", status=", path], first, codes + truth["expired"]),
              ("rg", ["-c", ", status=", path], first, codes + truth["expired"]),
              ("mawk", [HISTOGRAM, path], total, codes)]
    found = {name: (peers.find(name), *about) for name, *about in wanted}
    return {name: ([program, *words], read, right) for name, (program, words, read, right) in found.items() if program}


def slow(peers, name, path, truth):
    """The same for a command that needs a minute or more for a GiB: what it counts as delivered. None where it is not here."""
    program = peers.find(name)
    right = sum(row["count"] for row in truth["codes"] if row["action"] in ("delivered", "relayed"))
    return program and (["perl", program, path], DELIVERED[name], right)


def pflogsumm_delivered(out):
    number, unit = re.search(rb"(\d+)([km]?)\s+delivered", out).groups()
    return int(number) * {b"": 1, b"k": 1 << 10, b"m": 1 << 20}[unit]


def eximstats_delivered(out):
    # Volume, messages, addresses.
    return int(re.search(rb"^\s+Delivered\s+\S+\s+\d+\s+(\d+)", out, re.MULTILINE).group(1))


DELIVERED = {"pflogsumm": pflogsumm_delivered, "eximstats": eximstats_delivered}


def check(name, found, right):
    """Others round large counts."""
    if abs(found - right) > right * 0.02:
        sys.exit(f"{name} counts {found}, and {right} is right: it does not understand this log")
