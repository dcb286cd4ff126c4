"""Figures against benches/targets.toml."""
import tomllib


class Targets:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.rows = tomllib.load(file)["row"]

    def verdicts(self, figures):
        """For each row its figure and a verdict; `failed` where it is worse than the least."""
        for row in self.rows:
            figure = figures.get(row["id"])
            worse = lambda limit: figure < limit if row["better"] == "more" else figure > limit
            if figure is None:
                verdict = "not measured"
            elif worse(row["at_least"]):
                verdict = "failed"
            else:
                verdict = "enough" if worse(row["aim"]) else "aim reached"
            yield {**row, "figure": figure, "verdict": verdict}
