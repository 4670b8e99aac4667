"""Answers of scikit-learn's boosted trees to a table, for `answers` in a recipe: out-of-fold for the rows to train on.

    pip install scikit-learn pandas
    python bench/peers/boosted.py TRAIN.csv TARGET OTHER.csv ... --out answers.csv

The first file is trained on: its rows are answered by trees of other folds (five of them). The rows of the other files, in which a recipe
chooses and tests, are answered by trees fitted on all of the first. answers.csv has a row for each row of all files, in this order, which
is the order of `[data]` with `path`, `validation` and `test`; its columns are the classes, or the target. Printed: what it took, for
`seconds`, and how good the answers are.
"""

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold


def answers(parts, target, seed=0, folds=5):
    """Of each part, by class or of the one target; and the columns' names."""
    x, y = parts[0].drop(columns=target), parts[0][target]
    regression = pd.api.types.is_numeric_dtype(y)
    texts = {c: pd.CategoricalDtype(x[c].dropna().unique()) for c in x if not pd.api.types.is_numeric_dtype(x[c])}
    inputs = [part.drop(columns=target).astype(texts) for part in parts]
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    new = lambda: kind(random_state=seed, categorical_features="from_dtype")
    say = (lambda model, x: model.predict(x)[:, None]) if regression else (lambda model, x: model.predict_proba(x))
    names = [target] if regression else sorted(y.unique())
    own = np.zeros((len(y), len(names)))
    for others, held in (KFold if regression else StratifiedKFold)(folds, shuffle=True, random_state=seed).split(x, y):
        own[held] = say(new().fit(inputs[0].iloc[others], y.iloc[others]), inputs[0].iloc[held])
    model = new().fit(inputs[0], y)
    return [own, *(say(model, x) for x in inputs[1:])], names


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("train")
    arguments.add_argument("target")
    arguments.add_argument("others", nargs="*")
    arguments.add_argument("--out", default="answers.csv")
    arguments.add_argument("--folds", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=0)
    arguments = arguments.parse_args()
    files = [arguments.train, *arguments.others]
    parts = [pd.read_csv(file) for file in files]
    start = time.process_time()
    found, names = answers(parts, arguments.target, arguments.seed, arguments.folds)
    print(f"seconds = {time.process_time() - start:.1f}")
    pd.DataFrame(np.concatenate(found), columns=names).to_csv(arguments.out, index=False)
    for file, part, own in zip(files, parts, found):
        wanted = part[arguments.target].to_numpy()
        if pd.api.types.is_numeric_dtype(wanted):
            print(f"{file}: RMSE {np.sqrt(np.mean((own[:, 0] - wanted) ** 2)):.6g}")
        else:
            print(f"{file}: {100 * np.mean(np.asarray(names)[own.argmax(1)] != wanted):.2f} % errors")


if __name__ == "__main__":
    main()
