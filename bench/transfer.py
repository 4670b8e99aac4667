"""Does the best learning rate of a narrow network suit a wide one? Writes bench/transfer.md.

python3 bench/transfer.py PROGRAM CALIFORNIA.CSV [FOLDER for runs [TASK…]]

Networks of two hidden layers of 32, 128 and 512 units, nine rates a factor of 2 apart, two seeds, in the standard parametrisation and in
µP with the narrow one as base; the best rate is that of the least validation loss (the root of the mean squared error for prices). It should lie at most one step from the narrow
network's, and the wide network lose little at the narrow one's rate.
"""

import json
import subprocess
import sys
from pathlib import Path

WIDTHS = [32, 128, 512]
RATES = [2.5e-4 * 2**i for i in range(9)]
RECIPE = """task = "{task}"
{data}
result = "wide"
train = {{ epochs = {epochs}, schedule = "linear" }}
[stage.base]
model = {{ kind = "mlp", hidden = [32, 32] }}
train = {{ steps = 1 }}
[stage.wide]
model = {{ kind = "mlp", hidden = [{width}, {width}] }}
train = {{ param = "{param}"{base} }}
[compare]
arms = []
"""
TASKS = {
    "digits": ("classification", 'data = "digits"', 20, "nll"),
    "california": ("regression", '[data]\nsource = "csv"\npath = "{csv}"\ntarget = "median_house_value"\n', 10, "rmse"),
}


def losses(program, folder, name, csv, param, width):
    """Mean validation loss of two seeds, by rate."""
    task, data, epochs, metric = TASKS[name]
    data = data.format(csv=csv)
    head, _, table = data.partition("\n")
    base = ', base = "base"' if param == "mup" else ""
    text = RECIPE.format(task=task, data=head if not table else "", epochs=epochs, width=width, param=param, base=base)
    recipe = folder / f"{name}-{param}-{width}.toml"
    recipe.write_text(text + (data if table else ""))
    rates = ",".join(f"{rate:g}" for rate in RATES)
    runs = folder / recipe.stem
    command = [program, "run", recipe, "--set", f"stage.wide.train.lr={rates}", "--seeds", "2", "--runs", runs, "-q"]
    if not list(runs.glob("*/run.json")):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (record,) = runs.glob("*/run.json")
    found = {}
    for trial in json.loads(record.read_text())["trials"]:
        rate = trial["arm"].split("=")[-1]
        if "lr=" in trial["arm"] and trial["status"] == "finished":
            (wide,) = [stage for stage in trial["stages"] if stage["name"] == "wide"]
            found.setdefault(rate, []).append(wide["validation"][metric])
    means = [found.get(f"{rate:g}", []) for rate in RATES]
    return [sum(seeds) / 2 if len(seeds) == 2 else float("inf") for seeds in means]


def main():
    program, csv = sys.argv[1], Path(sys.argv[2]).resolve()
    folder = Path(sys.argv[3] if len(sys.argv) > 3 else "/tmp/transfer").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name in sys.argv[4:] or TASKS:
        for param in ("standard", "mup"):
            narrow = None
            for width in WIDTHS:
                curve = losses(program, folder, name, csv, "standard" if width == WIDTHS[0] else param, width)
                best = min(range(len(RATES)), key=curve.__getitem__)
                narrow = best if narrow is None else narrow
                lost = curve[narrow] / curve[best]
                lines.append(f"| {name} | {'µP' if param == 'mup' else param} | {width} | {RATES[best]:g} | {best - narrow:+d} | {curve[best]:.4g} | {lost:.2f} |")
                print(lines[-1], flush=True)
    head = "| data | parametrisation | width | best rate | steps of 2 from the narrow one's | validation loss there | loss at the narrow one's rate ÷ best |\n|---|---|---|---|---|---|---|\n"
    title = "# Does a rate suit other widths?\n\nWritten by `bench/transfer.py`, which says what was run.\n\n"
    (Path(__file__).parent / "transfer.md").write_text(title + head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
