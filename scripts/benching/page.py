"""What was measured, as a page in Markdown."""
import datetime, os, platform, statistics, subprocess


def machine(root):
    cpu = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    said = lambda *words: subprocess.run(words, capture_output=True, text=True, cwd=root, check=False).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {"date": datetime.date.today().isoformat(), "kernel": platform.release(), "cpu": cpu,
            "processors": os.cpu_count(), "memory_gib": round(memory), "rustc": said("rustc", "--version"),
            "commit": said("git", "describe", "--always", "--dirty", "--exclude", "*") or "unknown",
            "load": round(os.getloadavg()[0], 2)}


def number(value):
    """To as many places as say something."""
    if value is None:
        return "–"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def table(heads, rows):
    """The first column to the left, the others to the right."""
    if rows:
        print("| " + " | ".join(heads) + " |")
        print("| --- |" + " ---: |" * (len(heads) - 1))
        for row in rows:
            print("| " + " | ".join(row) + " |")
        print()


def median(seconds):
    return statistics.median(seconds)


def page(result, verdicts):
    about = result["machine"]
    rounds_run = f"medians of {result['runs']} interleaved rounds" if result["runs"] > 1 else "one round"
    print(f"{about['date']}, commit {about['commit']}: {about['processors']} processors ({about['cpu']}), "
          f"{about['memory_gib']} GiB, Linux {about['kernel']}, {about['rustc']}; load at start {about['load']}, "
          f"at end {result['load_at_end']}; {rounds_run}.\n")
    if verdicts:
        table(["job", "measured", "at least", "aim", "verdict"],
              [[row["what"], number(row["figure"]), number(row["at_least"]), number(row["aim"]), row["verdict"]]
               for row in verdicts])
    logs(result)
    whole_logs(result)
    slices(result)
    rest(result)


def logs(result):
    rows = []
    for log in result["logs"]:
        for regime, run in log["regimes"].items():
            for threads, figures in run["threads"].items():
                speed = lambda name: f"{log['bytes'] / median(run['seconds'][f'{name} {threads}']) / 1e9:.2f}"
                ends = lambda name, end: f"{number(figures[name]['median'])} ({number(figures[name][end])})"
                rows.append([f"{log['title']}, {log['bytes'] / (1 << 20):,.0f} MiB", regime, threads, speed("report"),
                             speed("newlines"), ends("to_newlines", "min"), ends("counting_to_newlines", "min"),
                             ends("time_of_wc", "max"), number(figures["ns_per_delivery"])])
    table(["log", "regime", "threads", "report GB/s", "newlines GB/s", "ratio to counting newlines (min)",
           "counting alone (min)", "time of `wc -l` (max)", "ns for each delivery"], rows)


def whole_logs(result):
    rows = []
    for log in result["logs"]:
        for regime, run in log["regimes"].items():
            for name, about in run["peers"].items():
                rows.append([f"{name} ({about['version']})", f"{log['title']}, {regime}",
                             f"{median(run['seconds'][name]):.3f} s", number(about["times_ours"]["median"]),
                             number(about["times_ours"]["min"])])
    table(["other program, on the whole log", "log", "its time", "times ours (median)", "(least)"], rows)


def slices(result):
    rows = [[f"{name} ({about['version']})", f"{about['title']}, {about['bytes'] / (1 << 20):,.0f} MiB, re-read",
             f"{median(about['seconds']['peer']):.2f} s", f"{median(about['seconds']['report']) * 1e3:.1f} ms",
             number(about["times_ours"]["median"]), str(len(about["seconds"]["peer"]))]
            for name, about in result["slices"].items()]
    table(["other program, on a slice", "log", "its time", "ours", "times ours", "rounds"], rows)


def rest(result):
    if memory := result.get("memory"):
        for row, lines in zip(memory, ("", ", the same lines over and over")):
            print(f"* Private memory, {row['bytes'] / (1 << 30):,.2f} GiB of Postfix{lines}: {row['private'] / 1e6:.1f} MB.")
    if start := result.get("start_up"):
        print(f"* Start to finish on three lines: {start['own'] * 1e3:.1f} ms, of which starting any process takes "
              f"{start['idle'] * 1e3:.1f} ms.")
    shares = result["shares"]
    if row := shares.get("classify"):
        print(f"* Understanding refusals: {row['refusal_ns']:.0f} ns for each of {row['refusals']:,} "
              f"({row['refusal_bytes']} bytes each), {row['share']:.1%} of the scan of {row['log']}.")
    if row := shares.get("time"):
        print("* Counting over time makes the scan slower by " +
              ", ".join(f"{log['slower']:.1%} ({log['log']}, {log['buckets']:,} buckets)" for log in row["logs"]) + ".")
    if row := shares.get("absorb"):
        scaling(row)
    if counts := result.get("instructions"):
        print()
        table(["instructions", "counted", "committed", "change"],
              [[name, *(f"{row[which]:,}" if row[which] else "–" for which in ("counted", "committed")),
                f"{row['change']:+.2%}" if row["change"] is not None else "–"] for name, row in counts.items()])


def scaling(share):
    for row in share["threads"]:
        print(f"* {row['threads']} threads, {row['chunks']} chunks: absorbing and settling take {row['absorb_share']:.2%} of the "
              f"whole, findings and page {row['tell_share']:.2%} ({row['log']}, {row['bytes'] / (1 << 20):,.0f} MiB).")
        if "serial_share" in row:
            steps = ", ".join(f"{step['cores']}: {step['times_as_fast']:.1f}" for step in row["amdahl"])
            print(f"* What only one thread can do is {row['serial_share']:.2%} of the work of one; by Amdahl's law so many "
                  f"cores are that many times as fast: {steps}.")
