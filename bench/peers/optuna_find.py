"""`distil find` beside Optuna's successive halving and Hyperband: the same networks, rates and lengths, trained by the same program.

    pip install optuna scipy
    DISTIL=target/release/distil DATA=../shared/data python bench/peers/optuna_find.py [--repetitions 10] | --show

A trial of Optuna is a candidate of the search and a learning rate, log-uniform over the eight of the list and three more on either side,
of which Distil may add three in all; TPE proposes, the pruner stops. It is trained anew at every rung, 1/128 to all of the large network's FLOPs, with
a schedule of its own, as `find` does it. Whoever has a training that reaches the goal on the validation part asks it again with two other
seeds; if the one-sided 95 % bound of the three, the error of drawing the part with it, reaches it, the search ends and six fresh seeds read the test part. Costs are FLOPs of
training up to that end. One line a search goes to bench/find.csv; a search that stands there is not repeated.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import statistics
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent.parent
RESULTS = HERE / "find.csv"
DISTIL = os.environ.get("DISTIL", "target/release/distil")
DATA = os.environ.get("DATA", "../shared/data")
COLUMNS = ["task", "program", "repetition", "reached", "test", "flops", "cpu_seconds", "trainings"]
RUNGS = [1, 4, 16, 32, 64, 128]  # of 128
# Optuna gives up after the large network's FLOPs in full so many times.
MOST = 20
# What counts as a training's cost.
EQUALISED = ("train", "select", "grow", "teach")
# What a training that diverged is worth.
LOST = -1e9
# One-sided 95 % quantiles of Student's t with 2 and 5 degrees of freedom.
T = {3: 2.919986, 6: 2.015048}


def mlp(hidden, view=""):
    return f'model = {{ kind = "mlp", hidden = {hidden} }}\n{view}'


class Task:
    def __init__(self, recipe, sets, head, goal, epochs, batch, flow, candidates, rate):
        self.recipe, self.sets, self.head, self.epochs, self.batch = recipe, sets, head, epochs, batch
        self.flow, self.candidates = flow, candidates
        self.metric, direction, level = goal
        self.words = " ".join(map(str, goal))
        # What is more is better.
        self.sign = 1 if direction == ">=" else -1
        self.goal = self.sign * level
        self.rates = (rate / 64, rate * 128)

    def text(self, candidate, rate, epochs, seed):
        stage = self.candidates[candidate]
        first = ""
        if isinstance(stage, tuple):
            first, stage = "[stage.small]\n" + self.flow.replace("RATE", str(rate)) + "\n", stage[0]
        train = f'train = {{ epochs = {epochs}, lr = {rate}, schedule = "linear" }}\n'
        return f'{self.head}\nresult = "large"\n[train]\nkeep = "best"\nbatch = {self.batch}\n[run]\nseed = {seed}\n{first}[stage.large]\n{stage}\n{train}'


SPLIT = "{ test = 0.2, validation = 0.1, stratify = false }"
HOUSES = f'{{ source = "csv", path = "{DATA}/california-housing.csv", target = "median_house_value", split = {SPLIT} }}'
TASKS = {
    "digits": Task(
        "digits",
        [],
        'task = "classification"\ndata = "digits"',
        ("accuracy", ">=", 0.95),
        10,
        32,
        mlp([64]) + "train = { epochs = 10, lr = RATE }",
        {
            "wide": mlp([512, 128]),
            "narrow-2": mlp([256, 64]),
            "narrow-4": mlp([128, 32]),
            "chooser": mlp([64]),
            "grown": (mlp([512, 128]) + 'start = { from = "small", shrink = 0.6 }\n',),
            "shrink-1": (mlp([512, 128]) + 'start = "small"\n',),
        },
        4e-3,
    ),
    "california": Task(
        "california",
        [f"data.path={DATA}/california-housing.csv"],
        f'task = {{ kind = "regression", unit = "$" }}\ndata = {HOUSES}',
        ("rmse", "<=", 54000),
        15,
        64,
        mlp([64, 64]) + "train = { epochs = 32, lr = RATE }",
        {
            "wide": mlp([256, 256, 256]),
            "narrow-2": mlp([128, 128, 128]),
            "narrow-4": mlp([64, 64, 64]),
            "chooser": mlp([64, 64]),
            "grown": (mlp([256, 256, 256]) + 'start = "small"\n',),
            "shrink-0.6": (mlp([256, 256, 256]) + 'start = { from = "small", shrink = 0.6 }\n',),
        },
        4e-3,
    ),
}


class Bench:
    """Trainings by the program, and what they cost."""

    def __init__(self, task, folder):
        self.task, self.folder = task, folder
        self.flops = self.seconds = 0.0
        self.trainings = self.validation = 0
        self.epoch = {name: self.measured(name) for name in task.candidates}

    def planned(self, candidate, epochs):
        path = self.folder / "plan.toml"
        path.write_text(self.task.text(candidate, self.task.rates[0], epochs, 1))
        command = [DISTIL, "run", path, "--no-control", "--quiet", "--fresh", "--runs", self.folder / "plans"]
        return self.came(command)["flops"]

    def measured(self, candidate):
        """FLOPs before the last stage, and of an epoch of it."""
        one, two = self.planned(candidate, 1), self.planned(candidate, 2)
        return 2 * one - two, two - one

    def room(self, candidate, flops):
        before, epoch = self.epoch[candidate]
        large = sum(self.epoch["wide"][i] * (1, self.task.epochs)[i] for i in (0, 1))
        most = self.task.epochs
        if not isinstance(self.task.candidates[candidate], tuple):
            most *= min(4, max(1, math.floor(large / (before + epoch * most))))
        return min(most, math.floor((flops - before) / epoch * (1 + 1e-9)))

    @property
    def dearest(self):
        return max(before + epoch * self.room(name, 1e30) for name, (before, epoch) in self.epoch.items())

    def came(self, command):
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        folder = max(pathlib.Path(command[-1]).glob("*-[0-9]*"), key=lambda path: path.name)
        record = json.loads((folder / "run.json").read_text())
        trials = record["trials"]
        if any(trial["status"] not in ("finished", "diverged") for trial in trials):
            raise RuntimeError(run.stderr)
        rows = [row for trial in trials for row in trial["bill"] if row["purpose"] in EQUALISED]
        found = {
            "flops": sum(row["flops"] or 0 for row in rows),
            "seconds": sum(row["cpu_seconds"] for row in rows),
            "trials": trials,
        }
        subprocess.run(["rm", "-rf", folder], check=True)
        return found

    def train(self, candidate, rate, epochs, seed, seeds=1, part="validation", counted=True):
        path = self.folder / "train.toml"
        path.write_text(self.task.text(candidate, rate, epochs, seed))
        command = [DISTIL, "run", path, "--no-control", "--quiet", "--fresh", "--seeds", seeds, "--jobs", 1]
        found = self.came([*command, "--runs", self.folder / "runs"])
        if counted:
            self.flops += found["flops"]
            self.seconds += found["seconds"]
            self.trainings += seeds
        values = []
        if self.task.metric == "accuracy":
            self.validation = found["trials"][0]["data"]["validation"]
        for trial in found["trials"]:
            finished = trial["status"] == "finished"
            values.append(self.task.sign * trial["stages"][-1][part][self.task.metric] if finished else LOST)
        return values


def bound(values, samples=None):
    """The one-sided 95 % bound of their mean; of a part with so many samples with the error of drawing these (Agresti & Coull)."""
    if LOST in values:
        return LOST
    mean = statistics.mean(values)
    width = T[len(values)] * statistics.stdev(values) / math.sqrt(len(values))
    share = (mean * samples + 2) / (samples + 4) if samples else 0.0
    drawn = 1.644854 * math.sqrt(share * (1 - share) / (samples + 4)) if samples else 0.0
    return mean - math.hypot(width, drawn)


def by_optuna(task, pruner, repetition):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seed = 1 + 100 * repetition
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(task, pathlib.Path(folder))
        most = MOST * bench.dearest
        found = []

        def objective(trial):
            candidate = trial.suggest_categorical("candidate", list(task.candidates))
            rate = trial.suggest_float("lr", *task.rates, log=True)
            value, had = LOST, 0
            for rung in RUNGS:
                epochs = bench.room(candidate, bench.dearest * rung / 128)
                if epochs < 1:
                    continue
                if epochs > had:
                    value, had = bench.train(candidate, rate, epochs, seed)[0], epochs
                    if value >= task.goal:
                        values = [value, *bench.train(candidate, rate, epochs, seed + 1, 2)]
                        if bound(values, bench.validation) >= task.goal:
                            found.append((candidate, rate, epochs))
                            trial.study.stop()
                            return value
                if bench.flops > most:
                    trial.study.stop()
                    return value
                trial.report(value, rung)
                if trial.should_prune():
                    raise optuna.TrialPruned
            return value

        sampler = optuna.samplers.TPESampler(seed=repetition)
        study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner(optuna.pruners))
        study.optimize(objective, n_trials=1000)
        if not found:
            return [False, "", bench.flops, bench.seconds, bench.trainings]
        test = bench.train(*found[0], seed + 1000, 6, "test", counted=False)
        return [bound(test) >= task.goal, task.sign * statistics.mean(test), bench.flops, bench.seconds, bench.trainings]


def by_distil(task, repetition):
    with tempfile.TemporaryDirectory() as folder:
        sets = [word for text in [*task.sets, f"run.seed={1 + 100 * repetition}"] for word in ("--set", text)]
        command = [DISTIL, "find", task.recipe, "--goal", task.words, "--quiet", "--jobs", "1", "--runs", folder, *sets]
        # It ends with 1 where the goal is not reached.
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode not in (0, 1):
            raise RuntimeError(command)
        (record,) = pathlib.Path(folder).glob("*/find.json")
        found = json.loads(record.read_text())
    trainings = sum(len(step["tried"]) for step in found["steps"])
    confirmed = found["confirmed"]
    return [confirmed["met"], confirmed["mean"], found["search_flops"], found["search_cpu_seconds"], trainings]


PROGRAMS = {
    "distil find": by_distil,
    "optuna halving": lambda task, at: by_optuna(task, lambda pruners: pruners.SuccessiveHalvingPruner(), at),
    "optuna hyperband": lambda task, at: by_optuna(
        task, lambda pruners: pruners.HyperbandPruner(min_resource=1, max_resource=128), at
    ),
}


def known():
    return list(csv.DictReader(RESULTS.open())) if RESULTS.exists() else []


def show():
    rows = known()
    print("| task, goal | program | searches | reached | FLOPs, median (quartiles) | CPU s, median | trainings, median |\n|---|---|---:|---:|---:|---:|---:|")
    for task in TASKS:
        for program in PROGRAMS:
            of = [row for row in rows if (row["task"], row["program"]) == (task, program)]
            if len(of) < 2:
                continue
            flops = sorted(float(row["flops"]) / 1e9 for row in of)
            quarters = statistics.quantiles(flops, n=4, method="inclusive")
            seconds = statistics.median(float(row["cpu_seconds"]) for row in of)
            trainings = statistics.median(int(row["trainings"]) for row in of)
            reached = sum(row["reached"] == "True" for row in of)
            print(
                f"| {task}, {TASKS[task].words} | {program} | {len(of)} | {reached} | "
                f"{quarters[1]:.1f} G ({quarters[0]:.1f} to {quarters[2]:.1f}) | {seconds:.1f} | {trainings:g} |"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    had = {(row["task"], row["program"], row["repetition"]) for row in known()}
    if not RESULTS.exists():
        RESULTS.write_text(",".join(COLUMNS) + "\n")
    for name, task in TASKS.items():
        for repetition in range(0 if asked.show else asked.repetitions):
            for program, search in PROGRAMS.items():
                if (name, program, str(repetition)) in had:
                    continue
                came = search(task, repetition)
                with RESULTS.open("a", newline="") as file:
                    csv.writer(file).writerow([name, program, repetition, *came])
    show()
