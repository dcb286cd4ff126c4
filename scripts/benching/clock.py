"""Wall time, ratios and memory of commands."""
import statistics, subprocess, sys, time


def timed(words):
    """Wall seconds of one command, and what it printed."""
    start = time.perf_counter()
    # Into a pipe: `grep -c` stops at the first hit when nobody reads what it prints.
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.decode()}")
    return seconds, done.stdout


def rounds(commands, runs, ready):
    """Runs every command once a round, beginning with another one each time; gives the seconds by command."""
    seconds = {name: [] for name in commands}
    names = list(commands)
    for turn in range(runs):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            ready()
            seconds[name].append(timed(commands[name])[0])
    return seconds


def ratio(numerator, denominator):
    """The ratio within each round: its median and its ends."""
    ratios = [a / b for a, b in zip(numerator, denominator)]
    return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}


def private_memory(words, runs=3):
    """The largest RssAnon seen while a command runs, in bytes: mapped pages of the file are not in it."""
    highest = 0
    for _ in range(runs):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(words, **quiet) as child:
            while child.poll() is None:
                try:
                    with open(f"/proc/{child.pid}/status", encoding="ascii") as status:
                        found = [line for line in status if line.startswith("RssAnon:")]
                except OSError:
                    break
                highest = max([highest, *(int(line.split()[1]) * 1024 for line in found)])
                time.sleep(0.001)
    return highest
