"""What a large network comes to at the learning rate that a small one chose: by its loss, by that at the best temperature, or by accuracy.

python3 bench/choice.py [TASK…]

Both networks are trained at eight rates, 2.5e-4 to 3.2e-2, with three seeds (on every fold), as `[compare] plain` of the task's recipe says,
the large one under µP with the small one as its base. Each seed of the small one chooses once (a fold for itself); what is told is the
large one's accuracy on the validation part at that rate, the mean over its own three seeds. Needs target/release/distil (DISTIL names
another); spoken digits are read from DATA (../shared/data). Runs are kept in RUNS (runs/choice); what is there is not run again. Writes
bench/choice.md.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

os.chdir(Path(__file__).resolve().parent.parent)
PROGRAM = os.environ.get("DISTIL", "target/release/distil")
DATA = os.environ.get("DATA", "../shared/data")
RUNS = Path(os.environ.get("RUNS", "runs/choice"))
SEEDS = 3
SPOKEN = f'source = "fsdd"\npath = "{DATA}/fsdd/recordings"\nfeatures = {{ log_mel = 20, frames = 50 }}'
CLUSTERS = 'source = "gaussian"\nsamples = 5500\nsplit = "official"'
# The data, hidden layers of the small and the large network, epochs, and further arguments.
TASKS = {
    "fsdd-speakers": (f'{SPOKEN}\nsplit = {{ group = "speaker" }}', [50], [500, 100], 5, ["--folds", "6"]),
    "fsdd": (f'{SPOKEN}\nsplit = "official"', [50], [500, 100], 5, []),
    "coarse": (CLUSTERS, [50], [500, 100], 10, []),
    "coarse-other": (f"{CLUSTERS}\npool = [5, 2]", [50], [500, 100], 10, []),
    "white": (f"{CLUSTERS}\ncoarse = 0", [50], [500, 100], 10, []),
    "digits": ('source = "digits"', [64], [512, 128], 10, []),
}
BY = {"nll": "its loss", "calibrated_nll": "that at the best temperature", "accuracy": "accuracy"}


def run(name):
    data, small, large, epochs, more = TASKS[name]
    base = f', param = "mup", base = {{ kind = "mlp", hidden = {small} }}'
    for who, hidden, param in (("small", small, ""), ("large", large, base)):
        folder = RUNS / name / who
        kept = sorted(folder.glob("*-0001"))
        recipe = folder / f"{who}.toml"
        folder.mkdir(parents=True, exist_ok=True)
        recipe.write_text(
            f'task = "classification"\n[data]\n{data}\n[train]\nkeep = "best"\n[stage.net]\nmodel = {{ kind = "mlp", hidden = {hidden} }}\n'
            f'train = {{ epochs = {epochs}, schedule = "linear"{param} }}\n'
        )
        rates = ", ".join(f"{2.5e-4 * 2**i:g}" for i in range(8))
        tune = f"compare.tune={{ lr = [{rates}], widen = 0 }}"
        line = ["resume", kept[0]] if kept else ["run", recipe, "--seeds", str(SEEDS), *more, "--set", tune, "--runs", folder]
        subprocess.run([PROGRAM, *line, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def measured(name, who):
    """What every training came to on the validation part, by fold, seed and rate."""
    found = {}
    for log in RUNS.glob(f"{name}/{who}/*-0001/trials/*/events.jsonl"):
        place = re.search(r"-s(\d+)(?:-f(\d+))?_lr_([\d.e-]+)-[0-9a-f]+$", log.parent.name)
        seed, fold, rate = int(place[1]), place[2], float(place[3])
        for event in map(json.loads, log.read_text().splitlines()):
            if event["event"] == "evaluated" and event["part"] == "validation":
                found[fold, seed, rate] = event["metrics"]
    return found


def row(name):
    small, large = measured(name, "small"), measured(name, "large")
    folds = sorted({fold for fold, _, _ in small}, key=str)
    seeds, rates = (sorted({key[at] for key in small}) for at in (1, 2))
    mean = lambda values: sum(values) / len(values)
    comes_to = lambda fold, rate: mean([large[fold, seed, rate]["accuracy"] for seed in seeds])
    best = max(mean([comes_to(fold, rate) for fold in folds]) for rate in rates)
    cells = [name, f"{100 * best:.2f}"]
    for metric in BY:
        sign = -1 if metric == "accuracy" else 1
        chosen = [(fold, min(rates, key=lambda rate: sign * small[fold, seed, rate][metric])) for fold in folds for seed in seeds]
        some = sorted({rate for _, rate in chosen})
        cells.append(f"{100 * mean([comes_to(*one) for one in chosen]):.2f} ({', '.join(f'{rate:g}' for rate in some)})")
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    for name in sys.argv[1:] or TASKS:
        run(name)
        print(name, file=sys.stderr)
    lines = [
        "# What a small network's choice is worth",
        "",
        f"Written by `bench/choice.py`. Accuracy of the large network on the validation part, %, at the rate that the small one chose, by seed and fold ({SEEDS} seeds choose, each once; the mean over {SEEDS} seeds of the large one), and the rates that were chosen of eight.",
        "",
        "| task | at its best single rate | " + " | ".join(f"chosen by {what}" for what in BY.values()) + " |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(row(name) for name in TASKS if (RUNS / name / "large").exists()),
    ]
    Path("bench/choice.md").write_text("\n".join(lines) + "\n")
