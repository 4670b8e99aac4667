"""The comparisons of docs/results, every setting chosen by the small network, beside those where every arm chose for itself.

python3 bench/by_small.py [PAGE…]

Commands are those at the top of the pages, with `by = "small"` in `tune`; beside what they find stand the rows of the pages. Needs target/release/distil (DISTIL names
another); DATA is ../shared/data. Runs are kept in RUNS (runs/by-small): one that is there is resumed, a finished one only read. Writes bench/by_small.md of those pages whose runs are there.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

os.chdir(Path(__file__).resolve().parent.parent)
PROGRAM = os.environ.get("DISTIL", "target/release/distil")
DATA = os.environ.get("DATA", "../shared/data")
RUNS = Path(os.environ.get("RUNS", "runs/by-small"))
PAGES = ["digits", "fsdd", "california", "coarse", "coarse-other", "white"]


def page(name):
    return Path(f"docs/results/{name}.md").read_text()


def command(name, by_small):
    """The arguments of `run`."""
    line = next(line for line in page(name).splitlines() if line.startswith("distil run "))
    line = line.replace("../shared/data", DATA)
    if by_small:
        line = re.sub(r"(compare\.tune=\{.*?) \}", r'\1, by = "small" }', line)
    return shlex.split(line)[1:]


def bound(name, by_small):
    """Trainings at plain's full budget, as they are printed before a run, which then ends."""
    with tempfile.TemporaryDirectory() as runs:
        child = subprocess.Popen([PROGRAM, *command(name, by_small), "--runs", runs], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = next(line for line in child.stderr if line.startswith("all training takes"))
        child.terminate()
        child.stderr.read()
        child.wait()
    return float(re.search(r"FLOPs of ([\d.]+) trainings", said).group(1))


def run(name):
    kept = sorted((RUNS / name).glob("*-0001"))
    line = ["resume", kept[0]] if kept else [*command(name, True), "--runs", RUNS / name]
    subprocess.run([PROGRAM, *line, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def found(text):
    """The rows of the table of comparisons, and the knee: by the other arm, its verdict and difference."""
    table = text.split("## Comparisons on the test part")[1].split("\n\n")[1].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    rows = {row[0]: (row[1], f"{row[3]} ({row[4]})") for row in cells}
    knee = re.search(r"Plain's knee: (.*?)(?: is within|: twice)", text)
    return rows | ({"plain's knee": (knee.group(1), "")} if knee else {})


def trainings(record):
    """What the run took, in trainings at plain's full budget."""
    cost = lambda trial: sum(row["flops"] for row in trial["bill"] if row["purpose"] in ("train", "teach", "grow"))
    full = [cost(trial) for trial in record["trials"] if trial["arm"] == "plain-full"]
    each = sum(map(cost, record["trials"]))
    spares = {(one.get("by") or one["arm"], one["fold"], one.get("seed")): one["spare_flops"] for one in record["tuned"]}
    return (each + sum(spares.values())) / (sum(full) / len(full))


def main():
    for name in sys.argv[1:] or PAGES:
        run(name)
        print(name, file=sys.stderr)
    lines = [
        "# Every setting by the small network",
        "",
        "Written by `bench/by_small.py`: the commands of [docs/results](../docs/results/README.md) with `by = \"small\"` in `tune`, beside what those pages say, where every arm and seed chose for itself. Trainings are the FLOPs of all of it ÷ those of one",
        "training at plain's full budget, as printed before the run, and, for `by = \"small\"`, as counted after it, with longer lists, checks and evaluation.",
        "",
        "| page | flow against | every arm for itself | by the small network |",
        "|---|---|---|---|",
    ]
    for name in PAGES:
        for path in sorted((RUNS / name).glob("*-0001/run.json")):
            record = json.loads(path.read_text())
            if record["status"] != "finished":
                continue
            said = subprocess.run([PROGRAM, "report", path.parent, "--markdown"], check=True, capture_output=True, text=True).stdout
            old, new = found(page(name)), found(said)
            chose = {one["chosen"] for one in record["tuned"] if one["arm"] == "flow"}
            lines.append(f"| **{name}** | trainings | {bound(name, False):.1f} | {bound(name, True):.1f}, {trainings(record):.1f} in the end; chose {' '.join(sorted(map(str, chose)))} |")
            for arm in new:
                lines.append(f"| | {arm} | {': '.join(filter(None, old.get(arm, ('–', ''))))} | {': '.join(filter(None, new[arm]))} |")
    Path("bench/by_small.md").write_text("\n".join(lines) + "\n")


main()
