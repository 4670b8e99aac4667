"""Answers of scikit-learn's boosted trees to a small table, in every kind of file that `answers` reads.

    pip install scikit-learn pandas pyarrow
    python testdata/reference/answers.py

The same probabilities lie in p.npy and p.npz (in the order of the rows), in p.csv and p.parquet (by id, rows and columns shuffled, p.csv
without a fifth of the rows).
"""

import pathlib

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_predict

HERE = pathlib.Path(__file__).parent / "answers"
draw = np.random.default_rng(7)
x = draw.normal(size=(120, 3)).round(3)
y = np.where(x[:, 0] + 0.3 * draw.normal(size=120) > 0.3, "yes", np.where(x[:, 1] > 0, "perhaps", "no"))
table = pd.DataFrame(x, columns=["a", "b", "c"])
table.insert(0, "person", [f"p{n:03}" for n in draw.permutation(120)])
table["answer"] = y
table.to_csv(HERE / "table.csv", index=False)

trees = HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=5, random_state=0)
p = cross_val_predict(trees, x, y, cv=5, method="predict_proba")
np.save(HERE / "p.npy", p)
np.savez(HERE / "p.npz", rows=np.arange(120), proba=p)
named = pd.DataFrame(p, columns=sorted(set(y)))
named["person"] = table["person"]
named = named[["yes", "person", "no", "perhaps"]].sample(frac=1, random_state=0)
named.to_parquet(HERE / "p.parquet", index=False)
named.iloc[:96].to_csv(HERE / "p.csv", index=False)
