"""Views and subsets as numpy computes them, from their definitions: writes vectors.json beside this file.

Run `python testdata/reference/data/make.py` (numpy only; the version is in the JSON). Inputs come from sines and are
rounded to 32 bits, so the same numpy version writes the same bytes.

Format of vectors.json
  numpy    version
  inputs   [rows][24]: samples of shape [4, 6]
  train    rows a PCA is fitted on
  views    [{view, coarse}]: coarse is [rows][coarse features]
  subset   {features: [rows][5], classes: [rows], fraction,
            k_center: rows in the order taken, herding: rows (all one herd) in the order taken,
            herding_per_class: [class] -> rows in the order taken}
"""

import json
import pathlib

import numpy as np


def area(old, new):
    """[new, old]: each new cell is the mean of what it covers, by integrating on a fine common grid."""
    fine = np.repeat(np.eye(old), new, axis=1)
    return fine.reshape(old, new, old).mean(2).T


def views(x, train):
    maps = x.reshape(-1, 4, 6)
    centred = x[train] - x[train].mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:3]
    axes = axes * np.sign(axes[np.arange(3), np.abs(axes).argmax(1)])[:, None]
    return [
        ({"pool": [2, 3]}, maps.reshape(-1, 2, 2, 2, 3).mean((2, 4))),
        ({"pool": [4]}, maps.mean(1)),
        ({"first": 7}, x[:, :7]),
        ({"columns": [5, 0, 23]}, x[:, [5, 0, 23]]),
        ({"stride": [2, 3]}, maps[:, ::2, ::3]),
        ({"resize": [3, 4]}, np.einsum("nij,ai,bj->nab", maps, area(4, 3), area(6, 4))),
        ({"pca": 3}, x @ axes.T),
    ]


def k_center(x, count):
    taken = [int(np.argmin(((x - x.mean(0)) ** 2).sum(1)))]
    while len(taken) < count:
        nearest = np.min([((x - x[j]) ** 2).sum(1) for j in taken], axis=0)
        nearest[taken] = -1
        taken.append(int(np.argmax(nearest)))
    return taken


def herding(x, rows, count):
    mean, taken = x[rows].mean(0), []
    while len(taken) < count:
        left = [row for row in rows if row not in taken]
        wanted = (len(taken) + 1) * mean - x[taken].sum(0)
        taken.append(left[int(np.argmin([np.linalg.norm(wanted - x[row]) for row in left]))])
    return [int(row) for row in taken]


def main():
    rows = np.arange(40)[:, None]
    x = (np.sin(rows * 1.7 + np.arange(24) * 0.9) + 0.3 * np.cos(rows * np.arange(1, 25) * 0.37)).astype(np.float32)
    train = list(range(0, 40, 2)) + [1, 5]
    features = x[:, :5].astype(float)
    classes = [row % 3 if row % 7 else 0 for row in range(40)]
    per_class = [[row for row in range(40) if classes[row] == c] for c in range(3)]
    flat = lambda coarse: [[float(f"{v:.9g}") for v in row] for row in coarse.reshape(len(x), -1)]
    out = dict(
        numpy=np.__version__,
        inputs=x.astype(float).tolist(),
        train=train,
        views=[dict(view=view, coarse=flat(coarse)) for view, coarse in views(x.astype(float), train)],
        subset=dict(
            features=features.tolist(),
            classes=classes,
            fraction=0.25,
            k_center=k_center(features, 10),
            herding=herding(features, list(range(40)), 10),
            herding_per_class=[herding(features, rows, round(len(rows) / 4)) for rows in per_class],
        ),
    )
    (pathlib.Path(__file__).parent / "vectors.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
