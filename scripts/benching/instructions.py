"""Counts of instructions (benches/instructions*.rs, by gungraun and callgrind) against the committed ones."""
import json, os, platform, re, shutil, subprocess

BENCHES = ("instructions", "instructions_whole")
TOLERANCE = 0.02


def locked_version(root):
    """The version of gungraun in Cargo.lock: the runner's must be the same."""
    with open(os.path.join(root, "Cargo.lock"), encoding="utf-8") as file:
        return re.search(r'name = "gungraun"\nversion = "([^"]+)"', file.read()).group(1)


def runner(root, target, install, note):
    """The path of gungraun-runner in the right version; None, with how to get it, where it is missing."""
    version, own = locked_version(root), os.path.join(target, "bench-tools")
    for path in (os.environ.get("GUNGRAUN_RUNNER"), shutil.which("gungraun-runner"),
                 os.path.join(own, "bin", "gungraun-runner")):
        if path and os.path.exists(path):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if version in said:
                return path
    how = ["cargo", "install", "gungraun-runner", "--version", f"={version}", "--locked", "--root", own]
    if install:
        note("gungraun-runner: installing it, some minutes")
        if subprocess.run(how, check=False).returncode == 0:
            return os.path.join(own, "bin", "gungraun-runner")
    note(f"instructions: not counted; gungraun-runner {version} is missing: {' '.join(how)}")
    return None


def toolchain():
    """What counts depend on beside the source. memchr looks at the processor when it runs."""
    said = lambda *words: subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        avx2 = "avx2" if " avx2" in file.read() else "no avx2"
    return {"rustc": said("rustc", "--version"), "valgrind": said("valgrind", "--version"),
            "processor": f"{platform.machine()}, {avx2}"}


def count(root, target, path):
    """Runs the benchmarks; instructions by name."""
    words = [word for name in BENCHES for word in ("--bench", name)]
    folders = [os.path.join(target, "gungraun", "smtpulse-benches", name) for name in BENCHES]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "smtpulse"], cwd=root, check=True)
    subprocess.run(["cargo", "bench", "--locked", "-p", "smtpulse-benches", *words, "--", "--save-summary=json"], cwd=root, check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "GUNGRAUN_RUNNER": path})
    counts = {}
    for folder in folders:
        for place, _, files in os.walk(folder):
            if "summary.json" in files:
                with open(os.path.join(place, "summary.json"), encoding="utf-8") as file:
                    summary = json.load(file)
                name = f"{summary['function_name']} {summary['id']}"
                counts[name] = summary["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"]
    return dict(sorted(counts.items()))


def compare(counts, committed):
    """By name both counts; a change is None where one of them is missing."""
    rows = {}
    for name in sorted(counts.keys() | committed.keys()):
        here, known = counts.get(name), committed.get(name)
        rows[name] = {"counted": here, "committed": known, "change": here / known - 1 if here and known else None}
    return rows
