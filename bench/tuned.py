"""The programs of tables.py, each with the best of twenty settings by the choosing rows.

    DATA=../shared/data DISTIL=target/release/distil python bench/tuned.py [TABLE ...] [--splits 10] [--epochs 64] [--trials 20]

The first setting tried is the default. The others are drawn, with a seed: for both RealMLPs the same ones, of the space that its authors
search (RealMLPParamSampler, "default") what Distil has, too: no ReLU, embeddings of numbers as by default or none; for boosting and
scikit-learn's perceptron of the usual ranges. Boosting chooses anew on every split; the others on the first, and what was chosen there is
run on all. `taught` is Distil's network with the settings chosen for it and boosting with those chosen on the split for a teacher, which
did not see the row that it answers; the share of its answers is one of four, chosen on the first split. It comes after both; `eight` is
an ensemble of eight networks in one, taught as it (`--programs eight`). The trees of a trial learn from the training rows, those that
are tested from the choosing rows, too, as in tables.py.
CPU seconds are those of the run that is tested, of `taught` with the teacher's answers; `search_seconds` those of all trials behind its
choice, on a split that chose.
One line a run goes to bench/tuned.csv as it ends; what stands there is not repeated. `--show` makes the table of it.
"""

import argparse
import csv
import json
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tables import MEMBERS, TABLES, boosted, defaults, divided, paired, peer, quality, run, written  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

RESULTS = pathlib.Path(__file__).parent / "tuned.csv"
OTHERS = ["boosting", "sklearn", "pytabkit"]
OURS = ["distil", "taught", "eight"]
PROGRAMS = ["distil", *OTHERS, "taught", "eight"]
# Of a taught network's loss what is by its teacher's answers.
SHARES = [0.3, 0.5, 0.7, 0.9]


def loguniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw(program, regression, trial):
    """The settings of a trial; none for the first, which has the defaults."""
    if trial == 0:
        return {}
    rng = np.random.default_rng(trial)
    if program == "boosting":
        return {
            "learning_rate": loguniform(rng, 0.01, 0.3),
            "max_leaf_nodes": int(round(loguniform(rng, 8, 128))),
            "min_samples_leaf": int(round(loguniform(rng, 5, 100))),
            "l2_regularization": loguniform(rng, 1e-6, 10),
            "max_features": float(rng.uniform(0.5, 1)),
            "max_iter": 1000,
            "early_stopping": True,
            "n_iter_no_change": 20,
        }
    if program == "sklearn":
        hidden = [(100,), (256,), (256, 256), (128, 128, 128)]
        return {
            "hidden_layer_sizes": hidden[rng.integers(len(hidden))],
            "learning_rate_init": loguniform(rng, 1e-4, 1e-2),
            "alpha": loguniform(rng, 1e-5, 1e-1),
            "batch_size": int(rng.choice([64, 128, 256])),
        }
    hidden = [[256] * 3, [64] * 5, [512]]
    return {
        "waves": bool(rng.integers(2)),
        "lr": loguniform(rng, 2e-2, 3e-1),
        "dropout": float(rng.choice([0.0, 0.15, 0.3], p=[0.3, 0.5, 0.2])),
        "weight_decay": float(rng.choice([0.0, 2e-2])),
        "sigma": loguniform(rng, 0.05, 0.5),
        "activation": str(rng.choice(["selu", "mish"])),
        "hidden": hidden[rng.choice(3, p=[0.6, 0.2, 0.2])],
    } | ({} if regression else {"smoothing": float(rng.choice([0.0, 0.1], p=[0.3, 0.7]))})


def distil(parts, target, regression, epochs, seed, settings, answered=None):
    """Score on the choosing and on the test rows, and CPU seconds; without those of a teacher's answers."""
    task, model, train = defaults(regression, epochs)
    for key in ("dropout", "sigma", "activation", "hidden", "members"):
        if key in settings:
            model[key] = settings[key]
    if not settings.get("waves", True):
        model["waves"] = 0
    train["lr"] = settings.get("lr", train["lr"])
    train["optimizer"]["weight_decay"] = settings.get("weight_decay", train["optimizer"]["weight_decay"])
    if "smoothing" in settings:
        task["smoothing"] = settings["smoothing"]
    with tempfile.TemporaryDirectory() as folder:
        stages = f"[stage.model]\nmodel = {written(model)}\ntrain = {written(train)}\n"
        if answered:
            found, names = answered
            pd.DataFrame(np.concatenate(found), columns=names).to_csv(f"{folder}/answers.csv", index=False)
            learn = {"from": "trees", "mix": settings["mix"]} | ({"method": "mse"} if regression else {"method": "kd", "temperature": 1.0})
            stages = f'[stage.trees]\nanswers = {{ file = "answers.csv", out_of_fold = true }}\n{stages}learn = {written(learn)}\n'
        trial, seconds = run(parts, target, task, stages, seed, folder)
    stage = trial["stages"][-1]
    return quality(regression, stage["validation"]), quality(regression, stage["test"]), seconds


def tried(name, parts, target, regression, epochs, seed, settings, final, answered=None):
    if name in OURS:
        return distil(parts, target, regression, epochs, seed, settings, answered)
    if name == "pytabkit":
        names = {"dropout": "p_drop", "weight_decay": "wd", "sigma": "plr_sigma", "activation": "act", "hidden": "hidden_sizes", "lr": "lr", "smoothing": "ls_eps"}
        waves = {} if settings.get("waves", True) else {"num_emb_type": "none"}
        settings = {names[key]: value for key, value in settings.items() if key in names} | waves
    return peer(name, parts, target, regression, epochs, seed, settings, final)


def show():
    from collections import defaultdict

    found = defaultdict(dict)
    for row in csv.DictReader(RESULTS.open()):
        found[row["table"]][row["program"], int(row["split"])] = [float(row[key] or 0) for key in ("score", "cpu_seconds", "search_seconds")]
    print("| table | splits |" + "".join(f" {p} | CPU s | search |" for p in PROGRAMS) + "".join(f" {p} − best other ± SE |" for p in OURS))
    print("|---|---|" + "---|---|---|" * len(PROGRAMS) + "---|" * len(OURS))
    for table, runs in found.items():
        splits = [s for s in range(100) if all((p, s) in runs for p in ["distil", *OTHERS])]
        if not splits:
            continue
        there = [p for p in PROGRAMS if all((p, s) in runs for s in splits)]
        of = {p: np.array([runs[p, s] for s in splits]) for p in there}
        best = min(OTHERS, key=lambda p: of[p][:, 0].mean())
        searched = {p: of[p][of[p][:, 2] > 0, 2] for p in there}
        cells = "".join(f" {of[p][:, 0].mean():.5g} | {of[p][:, 1].mean():.3g} | {searched[p].mean():.3g} |" if p in there else " | | |" for p in PROGRAMS)
        for p in OURS:
            if p in there:
                apart, error = paired(of[p][:, 0], of[best][:, 0])
                cells += f" {apart:+.3g} ± {error:.2g} ({best})"
            cells += " |"
        print(f"| {table} | {len(splits)} |{cells}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tables", nargs="*", default=list(TABLES))
    arguments.add_argument("--splits", type=int, default=10)
    arguments.add_argument("--epochs", type=int, default=64)
    arguments.add_argument("--trials", type=int, default=20)
    arguments.add_argument("--programs", nargs="+", default=PROGRAMS[:-1], choices=PROGRAMS)
    arguments.add_argument("--show", action="store_true")
    arguments = arguments.parse_args()
    if arguments.show:
        return show()
    if not RESULTS.exists():
        RESULTS.write_text("table,split,program,score,cpu_seconds,search_seconds,settings\n")
    known = {(r["table"], int(r["split"]), r["program"]): (r["settings"], r["search_seconds"]) for r in csv.DictReader(RESULTS.open())}
    for name in arguments.tables:
        table, target, given = TABLES[name]()
        regression = pd.api.types.is_numeric_dtype(table[target])
        for program in arguments.programs:
            for split in range(arguments.splits):
                if (name, split, program) in known:
                    continue
                parts = divided(name, table, given, split)
                search, chosen = "", known.get((name, 0, program), ("",))[0]
                trials = lambda: [draw(program, regression, trial) for trial in range(arguments.trials)]
                answered, teaching, behind = None, 0.0, 0.0
                if program in ("taught", "eight"):
                    (network, behind_network), (_, behind_trees) = (known[name, 0, other] for other in ("distil", "boosting"))
                    trials = lambda: [json.loads(network) | {"mix": share} for share in SHARES]
                    if program == "eight":
                        network, behind_network, behind_trees = *known[name, 0, "taught"], 0
                        trials = lambda: [json.loads(network) | {"members": MEMBERS}]
                    start = time.process_time()
                    answered = boosted.answers(parts, target, split, settings=json.loads(known[name, split, "boosting"][0]))
                    teaching = time.process_time() - start
                    behind = float(behind_network) + float(behind_trees) + teaching
                if program == "boosting" or split == 0:
                    trials = trials()
                    results = [tried(program, parts, target, regression, arguments.epochs, split, settings, False, answered) for settings in trials]
                    search = f"{behind + sum(seconds for *_, seconds in results):.3f}"
                    chosen = json.dumps(trials[min(range(len(trials)), key=lambda trial: results[trial][0])])
                settings = json.loads(chosen)
                _, value, seconds = tried(program, parts, target, regression, arguments.epochs, split, settings, True, answered)
                line = [name, split, program, f"{value:.6g}", f"{seconds + teaching:.3f}", search, chosen]
                known[name, split, program] = (chosen, search)
                with RESULTS.open("a", newline="") as file:
                    csv.writer(file, lineterminator="\n").writerow(line)
                print(*line, flush=True)


if __name__ == "__main__":
    main()
