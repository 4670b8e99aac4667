"""Settings chosen by a small network, the large one trained once, beside a grid on the large one. Writes docs/results/route.md.

python3 bench/route.py [TASK…]

Six seeds, or nine or twelve where six decide nothing (`--looks`); every arm of every seed chooses its learning rate from the same eight, `transferred` from what the small
network's loss says of them. Needs target/release/distil (DISTIL names another); spoken digits, house prices and Adult are read from DATA
(../shared/data). Runs are kept in RUNS (runs/route): one that is there is resumed, a finished one only read again. Only those tasks are
in the table whose runs are there.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

os.chdir(Path(__file__).resolve().parent.parent)
PROGRAM = os.environ.get("DISTIL", "target/release/distil")
DATA = os.environ.get("DATA", "../shared/data")
RUNS = Path(os.environ.get("RUNS", "runs/route"))
# Eight of each: the first rate, and twice the one before. SGD, of the residual network, wants larger ones than Adam.
FIRST_RATE = {"cifar": 6.25e-3}
FSDD = f"data.path={DATA}/fsdd/recordings"
# Whose runs were made before the small network's loss was taken at the best temperature.
EARLIER = ["fsdd", "white", "adult"]
TASKS = {
    "digits": ["digits"],
    "fsdd": ["source", FSDD],
    "fsdd-speakers": ["source", FSDD, 'data.split={ group = "speaker" }', "--folds", "6"],
    "california": ["california", f"data.path={DATA}/california-housing.csv"],
    "adult": ["bench/adult.toml", f"data.path={DATA}/adult/adult-train.csv", f"data.test={RUNS}/adult-test.csv"],
    "coarse": ["source-generated"],
    "coarse-other": ["source-generated", "data.pool=[5,2]"],
    "white": ["source-generated", "data.coarse=0"],
    "cifar": [
        "cifar",
        f"data.path={DATA}/cifar10-jpeg",
        'stage.small.model={ kind = "resnet", depth = 8, width = 0.25 }',
        'stage.large.model={ kind = "resnet", depth = 8, width = 1 }',
        'stage.large.samples={ kind = "stratified", fraction = 0.3333 }',
        "stage.small.train.epochs=2",
        "stage.large.train.epochs=1",
        "stage.small.train.warmup=50",
        "stage.large.train.warmup=50",
        "compare.plain.epochs=3",
        "compare.plain.warmup=50",
        "compare.margin=0.01",
    ],
}


def arguments(name):
    recipe, *more = TASKS[name]
    line = [recipe, "--looks"]
    while more:
        word = more.pop(0)
        line += [word, more.pop(0)] if word.startswith("--") else ["--set", word]
    rates = ", ".join(f"{FIRST_RATE.get(name, 2.5e-4) * 2**i:g}" for i in range(8))
    return line + ["--set", 'compare.arms=["transferred"]', "--set", f"compare.tune={{ lr = [{rates}] }}"]


def adult_test():
    """Adult's own test file, whose classes end in a full stop that those of the training file lack, without it."""
    text = Path(DATA, "adult/adult-test.csv").read_text()
    RUNS.mkdir(parents=True, exist_ok=True)
    (RUNS / "adult-test.csv").write_text(text.replace(".\n", "\n"))


def run(name):
    if name == "adult":
        adult_test()
    folder = RUNS / name
    kept = sorted(folder.glob("*-0001"))
    command = [PROGRAM, "resume", kept[0]] if kept else [PROGRAM, "run", *arguments(name), "--runs", folder]
    subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def quoted(words):
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=")
    return " ".join(word if set(word) <= plain else f"'{word}'" for word in words)


def value(record, number):
    name = record["metric"]["name"]
    return f"{100 * number:.2f} %" if name == "accuracy" else f"{number:,.0f} {record['metric'].get('unit') or ''}".strip()


def times(ratio):
    return "–" if ratio is None else f"{1 / ratio:.2f} ×"


def row(name, record):
    route = record["route"]
    known, searched, halving = route["known"], route["searched"], route["halving"]
    tuned = record["tuned"]
    chosen = {one["chosen"] for one in tuned if one["arm"] == "transferred"}
    guard = known.get("guard") or {}
    verdict = searched["verdict"] + (f" ({searched['because']})" if searched.get("because") else "")
    points = 100 if record["metric"]["name"] == "accuracy" else 1
    difference = lambda number: "–" if number is None else f"{points * number:+.2f}"
    cells = [
        name,
        str(known["n"]),
        value(record, known["against_value"]),
        value(record, known["value"]),
        difference(known["difference"]),
        f"{difference(guard.get('difference'))}{' at ' + guard['settings'] if guard.get('settings') else ''}",
        " ".join(sorted(chosen)),
        times(known["cost"]["flops_ratio"]) + ", " + times(known["cost"]["seconds_ratio"]),
        times(searched["cost"]["flops_ratio"]) + ", " + times(searched["cost"]["seconds_ratio"]),
        times(halving["flops_ratio"]) + ", " + times(halving["seconds_ratio"]),
        verdict,
    ]
    return "| " + " | ".join(cells) + " |"


def not_inferior(record):
    """Whether the route is shown to be no worse by the margin than plain's own choices, at the level of the look it ended with."""
    known = record["route"]["known"]
    level = 0.025 if known["n"] <= 6 else 24.5 / 4096
    return (known.get("non_inferior_p") or 1) < level


def transfer(record):
    """On the validation part, over all seeds (and folds): what the transferred rate is ahead of plain's best single rate, and the margin."""
    metric = record["metric"]
    own = [trial["stages"][-1]["validation"][metric["name"]] for trial in record["trials"] if trial["arm"] == "transferred"]
    rates = {}
    for tuned in record["tuned"]:
        for tried in tuned["tried"] if tuned["arm"] == "plain-full" else []:
            rates.setdefault(tried["settings"], []).append(tried["validation"])
    sign = 1 if metric["better"] == "higher" else -1
    best = max(sign * sum(values) / len(values) for values in rates.values() if None not in values)
    return sign * sum(own) / len(own) - best, record["route"]["known"]["margin"]


def mean(records, of):
    """Geometric mean of plain ÷ route; a task whose quality is not shown to be as good has no part in it."""
    ratios = [1 / of(record["route"]) for record in records]
    return f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f} ×" if ratios else "–"


def page(records):
    first = next(iter(records.values()))
    host = first["host"]
    saved = lambda record: record["route"]["searched"]["cost"]["flops_ratio"]
    # What does not save first, and what loses quality before that.
    worse = lambda record: record["route"]["searched"]["verdict"] == "costs"
    ordered = sorted(records.items(), key=lambda item: (not worse(item[1]), not_inferior(item[1]), -saved(item[1])))
    # The verdict with the search says both: as good, and cheaper.
    good = [record for record in records.values() if record["route"]["searched"]["verdict"] == "saves"]
    known = [one for one in records.values() if not_inferior(one)]
    of = lambda kind, which: lambda route: (route["searched"]["cost"] if kind == "grid" else route["halving"])[which]
    ratios = lambda kind, which: mean(known, of(kind, which))
    every = [mean(list(records.values()), of("grid", which)) for which in ("flops_ratio", "seconds_ratio")]
    lines = [
        "# The route by a small network",
        "",
        "Written by `bench/route.py` with the program itself: six seeds, or nine or twelve where six decide nothing (declared beforehand); eight learning rates, 2.5e-4 to 3.2e-2 (of cifar, by SGD, 6.25e-3 to 0.8), and what lists were widened to. `transferred`: the small network tries each once and",
        "chooses by its loss, of classes at the best temperature, the large one is trained once a seed with that, under µP. `plain-full`: the large network, in the usual parametrisation, every seed (and fold) choosing among the same rates by large trainings.",
        "[How it is counted and when it is said to save](../bill.md#the-route-by-a-small-network). Costs are plain ÷ route, FLOPs, then reference seconds: above 1 the route is cheaper. Halving is computed: what it would have chosen is not known.",
        "",
        f"{host['cpu']}, {host['cores']} cores, {host['threads']} thread a trial; Distil {host['distil']}.",
        "",
        "| task | seeds | plain-full | transferred | difference | to plain at the rate that tests best | small chose | one model | with the search | against halving (computed) | with the search it |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        *(row(name, record) for name, record in ordered),
        "",
        f"{len(good)} of {len(records)} tasks: the route saves. Geometric mean over the {len(known)} on which it is not inferior by the margin to plain's own choices: "
        f"{ratios('grid', 'flops_ratio')} × FLOPs and {ratios('grid', 'seconds_ratio')} seconds against the grid, ".replace("× ×", "×")
        + f"{ratios('halving', 'flops_ratio')} and {ratios('halving', 'seconds_ratio')} against halving. Over all, whatever the quality: {every[0]} and {every[1]} against the grid.",
    ]
    ahead = {name: transfer(record) for name, record in records.items()}
    beyond = [name for name, (by, margin) in ahead.items() if by < -margin]
    shown = lambda name: f"{name} ({100 * ahead[name][0]:+.2f} points)" if records[name]["metric"]["name"] == "accuracy" else f"{name} ({ahead[name][0]:+.0f})"
    lines += [
        "",
        f"On the validation part the mean at the transferred rate is within the margin of plain's at its best single rate, of eight and more, on {len(ahead) - len(beyond)} of {len(ahead)} tasks"
        + (f"; not on {', '.join(map(shown, beyond))}." if beyond else "."),
    ]
    earlier = [name for name in EARLIER if name in records]
    if earlier:
        lines += ["", f"On {', '.join(earlier)} the small network chose by its loss as it is; at the best temperature it chooses the same (tried again)."]
    missing = [name for name in TASKS if name not in records]
    if missing:
        lines += ["", f"Not run: {', '.join(missing)}."]
    lines += ["", "## Commands and sentences", ""]
    for name in records:
        said = subprocess.run([PROGRAM, "report", sorted((RUNS / name).glob("*-0001"))[0], "--markdown"], check=True, capture_output=True, text=True).stdout
        sentence = next(line for line in said.splitlines() if "oute" in line.split(":")[0] and ": " in line)
        lines += [f"* **{name}**: `distil run {quoted(arguments(name))}`<br>{sentence}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:] or [name for name in TASKS if name != "cifar"]:
        run(name)
        print(name, file=sys.stderr)
    found = {name: sorted((RUNS / name).glob("*-0001/run.json")) for name in TASKS}
    records = {name: json.loads(paths[0].read_text()) for name, paths in found.items() if paths}
    records = {name: record for name, record in records.items() if record.get("route")}
    Path("docs/results/route.md").write_text(page(records))
