"""RealMLP in Distil beside gradient boosting, scikit-learn's multi-layer perceptron and the authors' own program, on the same rows.

    pip install "pytabkit[models]==1.7.3" scikit-learn pandas
    DATA=../shared/data DISTIL=target/release/distil python bench/tables.py [TABLE ...] [--splits 10] [--epochs 64]

Split s of a table is numpy's default_rng(s).permutation of its rows: a fifth to test, a tenth to choose by, the rest to train on. Adult
keeps its own test file; s divides its training file. splits.csv has the sizes of these parts and the SHA-256 of their row numbers, from 0,
as 64-bit little-endian numbers, part after part. `taught` is Distil's network with boosted trees for a teacher (peers/boosted.py),
`members` eight networks in one, `distilled` one network that learnt from those, its cost with theirs. Every program runs untuned, on one thread, and has the same three parts: boosting
and scikit-learn's perceptron get training and choosing rows together. CPU seconds are those of the whole process for Distil, start and
reading included; of fit and predict for the others. One line a run goes to bench/tables.csv as it ends; a run that stands there is not
repeated. The table is made of it by `python bench/tables.py --show`. `--results epochs.csv` collects elsewhere what `--show-epochs` makes a
table of: shorter trainings (`--epochs 16 --programs distil pytabkit`) beside the authors' longest. `--categories COLUMN ...` has every program
read columns of numbers as categories, as `distil new` writes it of Adult's capital-gain and capital-loss (`--results categories.csv`).
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "peers"))
import boosted  # noqa: E402

RESULTS = HERE / "tables.csv"
SPLITS = HERE / "splits.csv"
DATA = pathlib.Path(os.environ.get("DATA", "../shared/data"))
DISTIL = os.environ.get("DISTIL", "target/release/distil")
# Networks in an ensemble.
MEMBERS = 8
ADULT = (
    "age workclass fnlwgt education education-num marital-status occupation relationship race sex "
    "capital-gain capital-loss hours-per-week native-country income"
).split()


def california():
    return pd.read_csv(DATA / "california-housing.csv"), "median_house_value", None


def adult():
    parts = [
        pd.read_csv(DATA / "adult" / f"adult-{part}.csv", header=None, names=ADULT, skipinitialspace=True, na_values="?")
        for part in ("train", "test")
    ]
    for part in parts:
        part["income"] = part["income"].str.rstrip(".")
    return pd.concat(parts, ignore_index=True), "income", len(parts[0])


def shipped(name):
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    table = pd.DataFrame(bunch.data, columns=[f"x{i}" for i in range(bunch.data.shape[1])])
    table["y"] = bunch.target if name == "diabetes" else [f"c{y}" for y in bunch.target]
    return table, "y", None


def generated(name):
    from sklearn import datasets

    if name == "friedman1":
        x, y = datasets.make_friedman1(4000, noise=1.0, random_state=0)
    elif name == "hastie":
        x, y = datasets.make_hastie_10_2(6000, random_state=0)
    else:
        x, y = datasets.make_classification(5000, n_features=20, n_informative=8, n_classes=4, flip_y=0.05, random_state=0)
    table = pd.DataFrame(x.astype(np.float32), columns=[f"x{i}" for i in range(x.shape[1])])
    table["y"] = y if name == "friedman1" else [f"c{int(c)}" for c in y]
    return table, "y", None


TABLES = {
    "california": california,
    "adult": adult,
    "digits": lambda: shipped("digits"),
    "diabetes": lambda: shipped("diabetes"),
    "breast_cancer": lambda: shipped("breast_cancer"),
    "friedman1": lambda: generated("friedman1"),
    "hastie": lambda: generated("hastie"),
    "clusters": lambda: generated("clusters"),
}


def divided(name, table, given, split):
    """Training, choosing and test rows, which are those that splits.csv has the digest of."""
    rows = np.random.default_rng(split).permutation(given or len(table))
    test = np.arange(given, len(table)) if given else rows[: len(rows) // 5]
    rest = rows if given else rows[len(rows) // 5 :]
    choosing = len(rows) // 10
    parts = rest[choosing:], rest[:choosing], test
    digest = hashlib.sha256(b"".join(part.astype("<i8").tobytes() for part in parts)).hexdigest()
    known = {(line["table"], int(line["split"])): line["sha256"] for line in csv.DictReader(SPLITS.open())}
    if known.get((name, split), digest) != digest:
        sys.exit(f"{name}, split {split}: these are not the rows of splits.csv; this numpy draws others, or the table has other rows")
    return tuple(table.iloc[part] for part in parts)


def score(regression, wanted, found):
    """RMSE, or the share of errors in per cent: less is better."""
    wanted, found = np.asarray(wanted), np.asarray(found)
    if regression:
        return float(np.sqrt(np.mean((wanted.astype(float) - found.astype(float)) ** 2)))
    return float(100 * np.mean(wanted.astype(str) != found.astype(str)))


def written(table):
    """A TOML inline table."""
    word = lambda value: json.dumps(value) if not isinstance(value, dict) else written(value)
    return "{ " + ", ".join(f"{key} = {word(value)}" for key, value in table.items()) + " }"


def defaults(regression, epochs):
    """The task, and the model and training of a network with the authors' settings."""
    model = {"kind": "realmlp"} | ({"activation": "mish", "clamp": True} if regression else {})
    train = {"epochs": epochs, "batch": 256, "lr": 0.2 if regression else 0.04, "schedule": "coslog", "decay_schedule": "flat-cosine", "keep": "best"}
    train["optimizer"] = {"kind": "adamw", "beta2": 0.95, "weight_decay": 0.02, "exclude": "nothing"}
    task = {"kind": "regression"} if regression else {"kind": "classification", "smoothing": 0.1}
    return task, model, train


def run(parts, target, task, stages, seed, folder):
    """The trial of one run on these parts, as run.json has it, and the CPU seconds of the process."""
    for name, part in zip(("train", "validation", "test"), parts):
        part.to_csv(f"{folder}/{name}.csv", index=False)
    recipe = (
        f"task = {written(task)}\n[data]\nsource = \"csv\"\npath = \"train.csv\"\nvalidation = \"validation.csv\"\ntest = \"test.csv\"\ntarget = \"{target}\"\n"
        f"{stages}[run]\nseed = {seed + 1}\n"
    )
    pathlib.Path(folder, "t.toml").write_text(recipe)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [os.path.abspath(DISTIL), "run", "t.toml", "--threads", "1", "--jobs", "1", "--no-control", "-q", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(done.stdout)["trials"][0], after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def quality(regression, measured):
    """As `score`, of what a run says of a part."""
    return measured["rmse"] if regression else 100 * (1 - measured["accuracy"])


def distil(parts, target, regression, epochs, seed, program):
    """One network alone, or half by its labels and half by a teacher, whose cost is counted: boosted trees that did not see the row, or an
    ensemble, which is then a result, too. Score and CPU seconds of each."""
    task, model, train = defaults(regression, epochs)
    with tempfile.TemporaryDirectory() as folder:
        stage, learn, start = "", "", time.process_time()
        method = 'method = "mse"' if regression else 'method = "kd", temperature = 1.0'
        if program == "taught":
            found, names = boosted.answers(parts, target, seed)
            pd.DataFrame(np.concatenate(found), columns=names).to_csv(f"{folder}/answers.csv", index=False)
            stage = '[stage.trees]\nanswers = { file = "answers.csv", out_of_fold = true }\n'
            learn = f'learn = {{ from = "trees", {method} }}'
        elif program == "distilled":
            stage = f"[stage.members]\nmodel = {written(model | {'members': MEMBERS})}\ntrain = {written(train)}\n"
            learn = f'learn = {{ from = "members", {method} }}'
        answered = time.process_time() - start
        stages = f"{stage}[stage.model]\nmodel = {written(model)}\ntrain = {written(train)}\n{learn}\n"
        trial, seconds = run(parts, target, task, stages, seed, folder)
        seconds += answered
        # What a stage's own work took is not the other's: start and reading count for both.
        own = lambda name: sum(line["cpu_seconds"] for line in trial["bill"] if line["stage"] == name)
        results = {program: (quality(regression, trial["stages"][-1]["test"]), seconds)}
        if program == "distilled":
            results["members"] = (quality(regression, trial["stages"][0]["test"]), seconds - own("model"))
        return results


def numeric(parts, target):
    """Categories one-hot, gaps the median, all standardised: what scikit-learn's perceptron reads."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=np.number)),
    )


def peer(name, parts, target, regression, epochs, seed, settings={}, final=True):
    """Score on the choosing and on the test rows, and CPU seconds of fit and of answering the test rows. One that is not final learns from
    the training rows alone; of a final one of scikit-learn the choosing rows were learnt from."""
    train, choose, test = parts
    learns = pd.concat([train, choose]) if final else train
    valid = ()
    if name == "boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        words = [c for c in learns if c != target and not pd.api.types.is_numeric_dtype(learns[c])]
        kinds = {c: learns[c].astype("category").dtype for c in words}
        learns, choose, test = (part.astype(kinds) for part in (learns, choose, test))
        kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        model = kind(random_state=seed, categorical_features="from_dtype", **settings)
    elif name == "sklearn":
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.neural_network import MLPClassifier, MLPRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        net = (MLPRegressor if regression else MLPClassifier)(early_stopping=True, random_state=seed, **settings)
        net = TransformedTargetRegressor(net, transformer=StandardScaler()) if regression else net
        model = make_pipeline(numeric(parts, target), net)
    else:
        import torch
        from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

        torch.set_num_threads(1)
        # It reads no gaps among numbers, and takes texts for categories.
        gaps = {c: train[c].median() for c in train if pd.api.types.is_numeric_dtype(train[c]) and c != target}
        learns, choose, test = (part.fillna(gaps) for part in parts)
        valid = (choose.drop(columns=target), choose[target])
        kind = RealMLP_TD_Regressor if regression else RealMLP_TD_Classifier
        model = kind(n_epochs=epochs, random_state=seed, device="cpu", n_threads=1, **settings)
    start = time.process_time()
    model.fit(learns.drop(columns=target), learns[target], *valid)
    found = model.predict(test.drop(columns=target))
    seconds = time.process_time() - start
    chosen = model.predict(choose.drop(columns=target))
    return score(regression, choose[target], chosen), score(regression, test[target], found), seconds


OURS = ["distil", "taught", "members", "distilled"]
OTHERS = ["boosting", "sklearn", "pytabkit"]
PROGRAMS = OURS + OTHERS


def paired(of, beside):
    """The mean difference on the same splits and its standard error."""
    apart = of - beside
    return apart.mean(), apart.std(ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else float("nan")


def show(results):
    from collections import defaultdict

    found = defaultdict(dict)
    for row in csv.DictReader(results.open()):
        found[row["table"], row["epochs"]][row["program"], int(row["split"])] = (float(row["score"]), float(row["cpu_seconds"]))
    print("| table | splits | epochs |" + "".join(f" {p} | CPU s |" for p in PROGRAMS) + "".join(f" {p} − best other ± SE |" for p in OURS))
    print("|---|---|---|" + "---|---|" * len(PROGRAMS) + "---|" * len(OURS))
    for (table, epochs), runs in found.items():
        splits = [s for s in range(100) if all((p, s) in runs for p in ["distil", *OTHERS])]
        if not splits:
            continue
        of = {p: np.array([runs[p, s] for s in splits if (p, s) in runs]) for p in PROGRAMS}
        best = min(OTHERS, key=lambda p: of[p][:, 0].mean())
        cells = "".join(f" {of[p][:, 0].mean():.5g} | {of[p][:, 1].mean():.3g} |" if len(of[p]) == len(splits) else " | |" for p in PROGRAMS)
        for p in OURS:
            if len(of[p]) == len(splits):
                apart, error = paired(of[p][:, 0], of[best][:, 0])
                cells += f" {apart:+.3g} ± {error:.2g} ({best}) |"
            else:
                cells += " |"
        print(f"| {table} | {len(splits)} | {epochs} |{cells}")


def show_epochs(results):
    """Of each table and number of epochs what our networks and the authors' came to, beside the authors' longest."""
    from collections import defaultdict

    found = defaultdict(dict)
    for row in csv.DictReader(results.open()):
        found[row["table"]][row["program"], int(row["epochs"]), int(row["split"])] = (float(row["score"]), float(row["cpu_seconds"]))
    print("| table | splits | program | epochs | score | − authors' longest ± SE | CPU s | authors' longest takes times as much |")
    print("|---|---|---|---|---|---|---|---|")
    for table, runs in found.items():
        longest = max(epochs for program, epochs, _ in runs if program == "pytabkit")
        for program in ("distil", "taught", "pytabkit"):
            for epochs in sorted({epochs for p, epochs, _ in runs if p == program}):
                splits = [s for s in range(100) if all(key in runs for key in [(program, epochs, s), ("pytabkit", longest, s)])]
                of, beside = (np.array([runs[p, e, s] for s in splits]) for p, e in [(program, epochs), ("pytabkit", longest)])
                apart, error = paired(of[:, 0], beside[:, 0])
                times = beside[:, 1].mean() / of[:, 1].mean()
                print(f"| {table} | {len(splits)} | {program} | {epochs} | {of[:, 0].mean():.5g} | {apart:+.3g} ± {error:.2g} | {of[:, 1].mean():.3g} | {times:.1f} |")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("tables", nargs="*", default=list(TABLES))
    arguments.add_argument("--splits", type=int, default=10)
    arguments.add_argument("--epochs", type=int, default=64)
    arguments.add_argument("--programs", nargs="+", default=PROGRAMS, choices=PROGRAMS)
    arguments.add_argument("--categories", nargs="+", default=[])
    arguments.add_argument("--show", action="store_true")
    arguments.add_argument("--show-epochs", action="store_true")
    arguments.add_argument("--results", type=pathlib.Path, default=RESULTS)
    arguments = arguments.parse_args()
    results = arguments.results
    if arguments.show:
        return show(results)
    if arguments.show_epochs:
        return show_epochs(results)
    done = set()
    if results.exists():
        done = {(r["table"], r["split"], r["epochs"], r["program"]) for r in csv.DictReader(results.open())}
    else:
        results.write_text("table,split,epochs,program,score,cpu_seconds\n")
    for name in arguments.tables:
        table, target, given = TABLES[name]()
        for column in arguments.categories:
            # No number any more, for whoever looks at the cells.
            table[column] = "=" + table[column].astype(str)
        regression = pd.api.types.is_numeric_dtype(table[target])
        for split in range(arguments.splits):
            parts = divided(name, table, given, split)
            for program in arguments.programs:
                # The ensemble comes with the network that learns from it.
                if program == "members" or (name, str(split), str(arguments.epochs), program) in done:
                    continue
                if program in OURS:
                    found = distil(parts, target, regression, arguments.epochs, split, program)
                else:
                    found = {program: peer(program, parts, target, regression, arguments.epochs, split)[1:]}
                for which, (value, seconds) in found.items():
                    line = f"{name},{split},{arguments.epochs},{which},{value:.6g},{seconds:.3f}"
                    print(line, flush=True)
                    with results.open("a") as file:
                        file.write(line + "\n")


if __name__ == "__main__":
    main()
