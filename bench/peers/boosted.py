"""Answers of scikit-learn's boosted trees to a table, for `answers` in a recipe: out-of-fold for the rows to train on.

    pip install scikit-learn pandas
    python bench/peers/boosted.py TRAIN.csv TARGET OTHER.csv ... [--id COLUMN] [--classes] --out answers.csv

The first file is trained on: its rows are answered by trees of other folds (five of them). The rows of the other files, in which a recipe
chooses and tests, are answered by trees fitted on all of the first. answers.csv has a row for each row of all files, in this order, which
is the order of `[data]` with `path`, `validation` and `test`; its columns are the classes, or the target. With --id it keeps the column that
names the rows, which is no input; rows without a target are answered and not fitted. Texts, truth values and a column of two numbers are
classes, and others with --classes. Printed: what it took, for `seconds`, and how good the answers are.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold


def is_regression(y):
    return pd.api.types.is_numeric_dtype(y) and not pd.api.types.is_bool_dtype(y) and y.nunique() > 2


def answers(parts, target, seed=0, folds=5, regression=None):
    """Of each part, by class or of the one target; and the columns' names."""
    x, y = parts[0].drop(columns=target), parts[0][target]
    regression = is_regression(y) if regression is None else regression
    texts = {c: pd.CategoricalDtype(x[c].dropna().unique()) for c in x if not pd.api.types.is_numeric_dtype(x[c])}
    # Trees take so many categories at most; a column of more is one of names.
    names = [c for c, dtype in texts.items() if len(dtype.categories) > 255]
    if names:
        print(f"left out, each with more than 255 different texts: {', '.join(names)}", file=sys.stderr)
    texts = {c: dtype for c, dtype in texts.items() if c not in names}
    # What training rows do not have is missing.
    known = lambda part, c: part[c].where(part[c].isin(texts[c].categories)).astype(texts[c])
    inputs = [part.drop(columns=[target, *names]).assign(**{c: known(part, c) for c in texts}) for part in parts]
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    new = lambda: kind(random_state=seed, categorical_features="from_dtype")
    say = (lambda model, x: model.predict(x)[:, None]) if regression else (lambda model, x: model.predict_proba(x))
    names = [target] if regression else sorted(y.dropna().unique())
    labelled = np.flatnonzero(y.notna())
    if not regression and y.value_counts().min() < folds:
        rare = y.value_counts().idxmin()
        sys.exit(f"class {rare} has {y.value_counts().min()} rows and there are {folds} folds: some trees would not know it; use fewer --folds, or join it with another")
    model = new().fit(inputs[0].iloc[labelled], y.iloc[labelled])
    own = say(model, inputs[0])
    for others, held in (KFold if regression else StratifiedKFold)(folds, shuffle=True, random_state=seed).split(labelled, y.iloc[labelled]):
        others, held = labelled[others], labelled[held]
        own[held] = say(new().fit(inputs[0].iloc[others], y.iloc[others]), inputs[0].iloc[held])
    return [own, *(say(model, x) for x in inputs[1:])], names


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("train")
    arguments.add_argument("target")
    arguments.add_argument("others", nargs="*")
    arguments.add_argument("--out", default="answers.csv")
    arguments.add_argument("--folds", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--id")
    arguments.add_argument("--classes", action="store_true")
    arguments = arguments.parse_args()
    files = [arguments.train, *arguments.others]
    # Separated by whatever the file's first lines are.
    parts = [pd.read_csv(file, sep=None, engine="python") for file in files]
    for file, part in zip(files, parts):
        for column in [arguments.target, *([arguments.id] if arguments.id else [])]:
            if column not in part:
                sys.exit(f"{file} has no column {column}; its columns are {', '.join(map(str, part))}")
    ids = [part.pop(arguments.id) for part in parts] if arguments.id else []
    regression = not arguments.classes and is_regression(parts[0][arguments.target])
    start = time.process_time()
    found, names = answers(parts, arguments.target, arguments.seed, arguments.folds, regression)
    print(f"seconds = {time.process_time() - start:.1f}")
    table = pd.DataFrame(np.concatenate(found), columns=names)
    if ids:
        table.insert(0, arguments.id, np.concatenate(ids))
    table.to_csv(arguments.out, index=False)
    for file, part, own in zip(files, parts, found):
        known = part[arguments.target].notna().to_numpy()
        wanted, own = part[arguments.target].to_numpy()[known], own[known]
        if regression:
            print(f"{file}: RMSE {np.sqrt(np.mean((own[:, 0] - wanted) ** 2)):.6g}")
        else:
            print(f"{file}: {100 * np.mean(np.asarray(names)[own.argmax(1)] != wanted):.2f} % errors")


if __name__ == "__main__":
    main()
