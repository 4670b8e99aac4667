"""Settings chosen by a small network, the large one trained once, beside a grid on the large one. Writes docs/results/route.md.

python3 bench/route.py [TASK…]

Six seeds, or nine or twelve where six decide nothing (`--looks`); every arm of every seed chooses its learning rate from the same eight, `transferred` from what the small
network's loss says of them, `plain-halved` by successive halving. Needs target/release/distil (DISTIL names another); spoken digits, house
prices, Adult and pictures are read from DATA (../shared/data). Runs are kept in RUNS (runs/route): one that is there is resumed, a finished
one only read again. What the page says of a task is kept in bench/route.json, so tasks may be run on several days; the page has all of them.
Without arguments every task is run, `--page` only writes the page.
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
RECORDS = Path("bench/route.json")
# All eight at a ninth of the budget, three at a third, one whole.
HALVING = "[{ at = 0.11, keep = 3 }, { at = 0.33, keep = 1 }]"
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
    return line + ["--set", 'compare.arms=["transferred"]', "--set", f"compare.tune={{ lr = [{rates}], halving = {HALVING} }}"]


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


def record_of(name):
    """What the page says of a task, from its run."""
    folder = sorted((RUNS / name).glob("*-0001"))[0]
    record = json.loads((folder / "run.json").read_text())
    said = subprocess.run([PROGRAM, "report", folder, "--markdown"], check=True, capture_output=True, text=True).stdout
    sentence = next(line for line in said.splitlines() if "oute" in line.split(":")[0] and ": " in line)
    words = json.loads((folder / "options.json").read_text())["command"]
    ahead, margin = transfer(record)
    return {
        "host": {key: record["host"][key] for key in ("cpu", "cores", "threads", "distil")},
        "metric": record["metric"],
        "route": record["route"],
        "chosen": sorted({one["chosen"] for one in record["tuned"] if one["arm"] == "transferred"}),
        "validation": {"ahead": ahead, "margin": margin},
        "command": words[: words.index("--runs")],
        "sentence": sentence,
    }


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


def row(name, record):
    route = record["route"]
    known, searched, halving, halved = (route.get(key) for key in ("known", "searched", "halving", "halved"))
    guard = known.get("guard") or {}
    verdict = searched["verdict"] + (f" ({searched['because']})" if searched.get("because") else "")
    points = 100 if record["metric"]["name"] == "accuracy" else 1
    difference = lambda number: "–" if number is None else f"{points * number:+.2f}"
    came_to = " (computed)"
    if halved:
        low, high = map(difference, halved["ci95"])
        came_to = f"; {value(record, halved['value'])}, {difference(halved['difference'])} ({low} to {high})"
    both = lambda cost: times(cost["flops_ratio"]) + ", " + times(cost["seconds_ratio"])
    cells = [
        name,
        str(known["n"]),
        value(record, known["against_value"]),
        value(record, known["value"]),
        difference(known["difference"]),
        f"{difference(guard.get('difference'))}{' at ' + guard['settings'] if guard.get('settings') else ''}",
        " ".join(record["chosen"]),
        both(known["cost"]),
        both(searched["cost"]),
        both(halving) + came_to,
        verdict,
    ]
    return "| " + " | ".join(cells) + " |"


def not_inferior(record):
    """Whether the route is shown to be no worse by the margin than plain's own choices, at the level of the look it ended with."""
    known = record["route"]["known"]
    level = 0.025 if known["n"] <= 6 else 24.5 / 4096
    return (known.get("non_inferior_p") or 1) < level


def listed(names):
    return ", ".join(names) or "none"


def mean(records, of):
    """Geometric mean of plain ÷ route; a task whose quality is not shown to be as good has no part in it."""
    ratios = [1 / of(record["route"]) for record in records]
    return f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f} ×" if ratios else "–"


def page(records):
    hosts = {}
    for name, record in records.items():
        host = record["host"]
        hosts.setdefault(f"{host['cpu']}, {host['cores']} cores, {host['threads']} thread{'s' * (host['threads'] > 1)} a trial; Distil {host['distil']}", []).append(name)
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
        "chooses by its loss, of classes at the best temperature, the large one is trained once a seed with that, under µP. `plain-full`: the large network, in the usual parametrisation, every seed (and fold) choosing among the same rates by large trainings; `plain-halved`: by successive halving, eight at 0.11 of the length, three at 0.33, one whole.",
        "[How it is counted and when it is said to save](../bill.md#the-route-by-a-small-network). Costs are plain ÷ route, FLOPs, then reference seconds: above 1 the route is cheaper. Against halving: costs, then what plain training came to that chose by it, and the route's difference to that with its 95 % interval; where that was not run, its cost is computed from plain-full's.",
        "",
        "; ".join(host + (f" ({', '.join(names)})" if len(hosts) > 1 else "") for host, names in hosts.items()) + ".",
        "",
        "| task | seeds | plain-full | transferred | difference | to plain at the rate that tests best | small chose | one model | with the search | against halving | with the search it |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        *(row(name, record) for name, record in ordered),
        "",
        f"{len(good)} of {len(records)} tasks: the route saves. Geometric mean over the {len(known)} on which it is not inferior by the margin to plain's own choices: "
        f"{ratios('grid', 'flops_ratio')} × FLOPs and {ratios('grid', 'seconds_ratio')} seconds against the grid, ".replace("× ×", "×")
        + f"{ratios('halving', 'flops_ratio')} and {ratios('halving', 'seconds_ratio')} against halving. Over all, whatever the quality: {every[0]} and {every[1]} against the grid.",
    ]
    halved = {name: record["route"]["halved"] for name, record in records.items() if record["route"].get("halved")}
    if halved:
        sign = {name: 1 if records[name]["metric"]["better"] == "higher" else -1 for name in halved}
        better = [name for name, one in halved.items() if min(sign[name] * end for end in one["ci95"]) > 0]
        behind = [name for name, one in halved.items() if max(sign[name] * end for end in one["ci95"]) < 0]
        lines[-1] += (
            f" Where halving was run ({len(halved)} tasks), the route is ahead of plain training that chose by it on {listed(better)}, behind on {listed(behind)} (95 % intervals, not adjusted)."
        )
    by = {name: record["validation"]["ahead"] for name, record in records.items()}
    beyond = [name for name, record in records.items() if by[name] < -record["validation"]["margin"]]
    shown = lambda name: f"{name} ({100 * by[name]:+.2f} points)" if records[name]["metric"]["name"] == "accuracy" else f"{name} ({by[name]:+.0f})"
    lines += [
        "",
        f"On the validation part the mean at the transferred rate is within the margin of plain's at its best single rate, of eight and more, on {len(by) - len(beyond)} of {len(by)} tasks"
        + (f"; not on {', '.join(map(shown, beyond))}." if beyond else "."),
    ]
    missing = [name for name in TASKS if name not in records]
    if missing:
        lines += ["", f"Not run: {', '.join(missing)}."]
    lines += ["", "## Commands and sentences", ""]
    lines += [f"* **{name}**: `distil {quoted(record['command'])}`<br>{record['sentence']}" for name, record in records.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    records = json.loads(RECORDS.read_text()) if RECORDS.exists() else {}
    for name in [] if sys.argv[1:] == ["--page"] else sys.argv[1:] or TASKS:
        run(name)
        records[name] = record_of(name)
        records = {name: records[name] for name in TASKS if name in records}
        RECORDS.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n")
        print(name, file=sys.stderr)
    Path("docs/results/route.md").write_text(page(records))
