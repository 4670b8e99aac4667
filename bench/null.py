"""How often a run claims a difference where there is none: bench/null.toml, two hundred runs of six seeds. Writes bench/null.csv.

    DISTIL=target/release/distil python3 bench/null.py [--runs 200] | --show

Every run has seeds of its own, and every arm of every seed chooses its learning rate from four values and those the list widens by. At a
level of 5 %, and a program that keeps below it, eleven claims of 200 are the most that is let pass: at 2.9 % more happen in 1.5 % of
repetitions. A run that stands in null.csv is not repeated.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "null.csv"
COLUMNS = ["seed", "verdict", "because", "difference", "p", "samples_p", "trainings"]
CLAIMS = 11


def known():
    return list(csv.DictReader(RESULTS.open())) if RESULTS.exists() else []


def run(seed):
    with tempfile.TemporaryDirectory() as runs:
        words = f"run {HERE / 'null.toml'} --seeds 6 --jobs 1 --quiet --set run.seed={seed} --runs {runs}".split()
        subprocess.run([os.environ.get("DISTIL", "target/release/distil"), *words], check=True, stdout=subprocess.DEVNULL)
        (record,) = pathlib.Path(runs).glob("*/run.json")
        record = json.loads(record.read_text())
    (found,) = record["comparisons"]
    numbers = [f"{found[key]:.5g}" for key in ("difference", "p", "samples_p")]
    return [seed, found["verdict"], found["because"], *numbers, sum(nest["trials"] for nest in record["tuned"])]


def show():
    rows = known()
    verdicts = sorted({row["verdict"] for row in rows})
    count = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in verdicts}
    claims = count.get("saves", 0) + count.get("costs", 0)
    shown = sum(float(row["p"]) < 0.05 for row in rows)
    print(f"{len(rows)} runs: {count}; {claims} claims, {CLAIMS} of 200 are let pass; p < 0.05 over the seeds in {shown}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    had = {row["seed"] for row in known()}
    if not RESULTS.exists():
        RESULTS.write_text(",".join(COLUMNS) + "\n")
    for number in range(0 if asked.show else asked.runs):
        if str(seed := 1 + 1000 * number) not in had:
            with RESULTS.open("a", newline="") as file:
                csv.writer(file).writerow(run(seed))
    show()
