"""Reference values for plain's knee, from NumPy on a dense grid.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy
    /tmp/venv/bin/python testdata/reference/knee/make.py

writes vectors.json beside this file. Seed 20261127. Curves of 25, 50, 75 and 100 % of a budget, of many shapes and with noise, in units of the
margin. The knee is the first place of a grid over the logarithm of the budget that is within 1 of the grid's best; null stands for beyond the
whole budget: where the doubling after it, by the gains of the two before and by the last piece, would gain more than 1.
"""

import json
from pathlib import Path

import numpy as np

rng = np.random.default_rng(20261127)
budgets = np.array([0.25, 0.5, 0.75, 1.0])
grid = np.linspace(-2, 0, 200_001)


def knee(means):
    curve = np.interp(grid, np.log2(budgets), means)
    first, half, most, whole = (np.interp(x, np.log2(budgets), means) for x in (-2, -1, np.log2(0.75), 0))
    before, gained = half - first, whole - half
    following = 0.0
    if gained > 0:
        following = gained if before <= 0 else gained * min(1, gained / before)
    following = min(following, (whole - most) / -np.log2(0.75))
    if following > 1:
        return None
    return float(2 ** grid[(curve >= curve.max() - 1).argmax()])


shapes = [
    lambda b: 0 * b,
    lambda b: -(b**-0.5 - 1) / (0.35**-0.5 - 1),
    lambda b: -(b**-2 - 1) / (0.55**-2 - 1),
    lambda b: -6.0 * (b**-1 - 1),
    lambda b: 1.5 * np.log2(b),
    lambda b: -3 * np.maximum(0, -1 - np.log2(b)),
    lambda b: -2 * (np.log2(b) + 2),
    lambda b: -4 * (np.log2(b) + 0.5) ** 2,
]
cases = []
for shape in shapes:
    for spread in (0, 0.2, 0.5, 0.5, 1.0, 1.0):
        means = shape(budgets) + spread * rng.normal(size=4)
        cases.append({"means": means.tolist(), "knee": knee(means)})
path = Path(__file__).with_name("vectors.json")
path.write_text(json.dumps(cases, indent=1) + "\n")
