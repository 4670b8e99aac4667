"""Answers of scikit-learn's boosted trees to a table, for `answers` in a recipe: out-of-fold for the rows to train on.

    pip install scikit-learn pandas
    python bench/peers/boosted.py TRAIN.csv TARGET OTHER.csv ... [--id COLUMN] [--classes] --out answers.csv

The first file is trained on: its rows are answered by trees of other folds (five of them). The rows of the other files, in which a recipe
chooses and tests, are answered by trees fitted on all of the first. answers.csv has a row for each row of all files, in this order, which
is the order of `[data]` with `path`, `validation` and `test`; its columns are the classes, or the target. With --id it keeps the column that
names the rows, which is no input; --encoding is Python's name of another than UTF-8. Rows without a target are answered and not fitted (where `[data]` leaves them out, let --id find the others). Texts, truth values and a column of two numbers are
classes, and others with --classes. --settings '{"max_iter": 300}' are those of scikit-learn's trees. Printed: what it took, for `seconds`, and how good the answers are.
"""

import argparse
import json
import re
import sys
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold


# What stands for a missing value, as Distil has it; the latter are categories in a column of texts.
MISSING = "? NA N/A #N/A #NA NaN nan -NaN <NA> null NULL (null) NaT \\N #VALUE! #DIV/0! #REF! #NUM!".split()
WORDS = "- -- — . nil None none".split()


def read(file, encoding="utf-8-sig"):
    """A table with a header, separated by commas, semicolons (then with decimal commas) or tabulators."""
    with open(file, encoding=encoding) as lines:
        head = lines.readline()
    separator = max(",;\t", key=head.count)
    decimal = "," if separator == ";" and decimal_commas(file, encoding) else "."
    marks = {"keep_default_na": False, "na_values": ["", *MISSING], "skipinitialspace": True}
    table = pd.read_csv(file, sep=separator, decimal=decimal, encoding=encoding, **marks)
    for column in table.columns[table.isin(WORDS).any()]:
        numbers = table[column].mask(table[column].isin(WORDS))
        try:
            table[column] = pd.to_numeric(numbers.str.replace(decimal, ".") if decimal != "." else numbers)
        except ValueError:
            pass
    return table


def decimal_commas(file, encoding):
    with open(file, encoding=encoding) as lines:
        return any(re.search(r"\d,\d", line) for _, line in zip(range(1000), lines))


def is_regression(y):
    return pd.api.types.is_numeric_dtype(y) and not pd.api.types.is_bool_dtype(y) and y.nunique() > 2


def answers(parts, target, seed=0, folds=5, regression=None, settings={}):
    """Of each part, by class or of the one target; and the columns' names. `settings` are those of scikit-learn's trees."""
    x, y = parts[0].drop(columns=target), parts[0][target]
    regression = is_regression(y) if regression is None else regression
    # What a column holds in training it holds everywhere: there numbers or texts that are none elsewhere are missing.
    whole = {c: x[c].dropna().map(str).unique() for c in x if not pd.api.types.is_numeric_dtype(x[c])}
    left = [c for c in x if len(whole.get(c, [])) > 255 or x[c].isna().all()]
    if left:
        # Trees take so many categories at most; a column of more is one of names.
        print(f"left out, each with more than 255 different texts, or none: {', '.join(left)}", file=sys.stderr)

    def known(part, c):
        if c not in whole:
            return pd.to_numeric(part[c], errors="coerce")
        return part[c].where(part[c].isna(), part[c].map(str)).astype(pd.CategoricalDtype(whole[c]))

    inputs = [pd.DataFrame({c: known(part, c) for c in x if c not in left}) for part in parts]
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    new = lambda: kind(random_state=seed, categorical_features="from_dtype", **settings)
    say = (lambda model, x: model.predict(x)[:, None]) if regression else (lambda model, x: model.predict_proba(x))
    y = y if regression else y.where(y.isna(), y.map(str))
    names = [target] if regression else sorted(y.dropna().unique())
    labelled = np.flatnonzero(y.notna())
    if not regression and y.value_counts().min() < folds:
        rare = y.value_counts().idxmin()
        sys.exit(f"class {rare} has {y.value_counts().min()} rows and there are {folds} folds: some trees would not know it; join it with another, or leave its rows out")
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
    arguments.add_argument("--encoding", default="utf-8-sig")
    arguments.add_argument("--settings", type=json.loads, default={})
    arguments = arguments.parse_args()
    files = [arguments.train, *arguments.others]
    if arguments.folds < 2:
        sys.exit("--folds is 2 at least")
    parts = [read(file, arguments.encoding) for file in files]
    for file, part in zip(files[1:], parts[1:]):
        missing = [str(c) for c in parts[0] if c not in part]
        if missing:
            sys.exit(f"{file} has no column {', '.join(missing)}, which {files[0]} has")
    for column in [arguments.target, *([arguments.id] if arguments.id else [])]:
        if column not in parts[0]:
            sys.exit(f"{files[0]} has no column {column}; its columns are {', '.join(map(str, parts[0]))}")
    ids = [part.pop(arguments.id) for part in parts] if arguments.id else []
    regression = not arguments.classes and is_regression(parts[0][arguments.target])
    start = time.process_time()
    found, names = answers(parts, arguments.target, arguments.seed, arguments.folds, regression, arguments.settings)
    print(f"seconds = {time.process_time() - start:.1f}")
    table = pd.DataFrame(np.concatenate(found), columns=names)
    if ids:
        table.insert(0, arguments.id, np.concatenate(ids))
    table.to_csv(arguments.out, index=False)
    for file, part, own in zip(files, parts, found):
        known = part[arguments.target].notna().to_numpy()
        wanted, own = part[arguments.target].to_numpy()[known], own[known]
        if not known.any():
            print(f"{file}: no targets")
        elif regression:
            print(f"{file}: RMSE {np.sqrt(np.mean((own[:, 0] - wanted) ** 2)):.6g}")
        else:
            print(f"{file}: {100 * np.mean(np.asarray(names)[own.argmax(1)] != wanted.astype(str)):.2f} % errors")


if __name__ == "__main__":
    main()
