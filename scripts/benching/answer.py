"""The report's answer against what the generator knows.

How truth and report are compared (`truth` is what `gen --truth` writes, `report` what `--format json` prints):

    lines, bytes                      accounting.lines, inputs[0].bytes
    attempts_out, attempts_local      totals.attempts, totals.local; their sum is accounting.attempts
    rejects                           accounting.rejects and totals.rejected
    other_events, other_programs, unrelated     the same names in accounting; not_understood must be 0
    suspended, expired, messages      the same names in totals
    codes[]                           codes[], summed by direction, action, basic and enhanced code
    hours[]                           timeline.buckets[], truth summed to the report's bucket width
    senders[]                         sender_domains[]; relayed counts as delivered, as the generator does
"""
import collections, datetime


def instant(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


def differences(truth, report):
    """What the report tells otherwise than the generator knows; empty when all is right."""
    wrong = []

    def same(name, wanted, found):
        if wanted != found:
            wrong.append(f"{name}: {found}, wanted {wanted}")

    accounting, totals = report["accounting"], report["totals"]
    same("accounting.lines", truth["lines"], accounting["lines"])
    same("inputs[0].bytes", truth["bytes"], report["inputs"][0]["bytes"])
    same("totals.attempts", truth["attempts_out"], totals["attempts"])
    same("totals.local", truth["attempts_local"], totals["local"])
    same("accounting.attempts", truth["attempts_out"] + truth["attempts_local"], accounting["attempts"])
    same("accounting.rejects", truth["rejects"], accounting["rejects"])
    same("totals.rejected", truth["rejects"], totals["rejected"])
    for name in ("other_events", "other_programs", "unrelated"):
        same(f"accounting.{name}", truth[name], accounting[name])
    same("accounting.not_understood", 0, accounting["not_understood"])
    for name in ("suspended", "expired", "messages"):
        same(f"totals.{name}", truth[name], totals[name])

    def rows(name, wanted, found):
        for key in sorted(set(wanted) | set(found), key=str):
            same(f"{name} {key}", wanted.get(key, 0), found.get(key, 0))

    def codes(table):
        counts = collections.Counter()
        for row in table:
            counts[row["direction"], row["action"], row["basic"], row["enhanced"]] += row["count"]
        return counts

    rows("codes", codes(truth["codes"]), codes(report["codes"]))

    def outcomes(row):
        return collections.Counter(delivered=row["delivered"] + row.get("relayed", 0), delayed=row["delayed"],
                                   failed=row["failed"])

    width = report["timeline"]["bucket_seconds"]
    hours = collections.defaultdict(collections.Counter)
    for row in truth["hours"]:
        hours[row["start"] // width * width] += outcomes(row)
    found = {instant(row["start"]): outcomes(row) for row in report["timeline"]["buckets"] if row["attempts"]}
    rows("timeline", {start: +row for start, row in hours.items()}, {start: +row for start, row in found.items()})
    rows("sender", {row["domain"]: +outcomes(row) for row in truth["senders"]},
         {row["domain"]: +outcomes(row) for row in report["sender_domains"]})
    return wrong
