"""Small data as people bring it to `distil new`: an npz of pictures and a folder of parquet shards of a table.

    pip install numpy==2.4.6 pyarrow && python testdata/new/make.py

Seed 20261127. Classes are a bar that lies or stands; the table's class follows two of its columns.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

here = Path(__file__).parent
rng = np.random.default_rng(20261127)

rows = 300
y = rng.integers(0, 2, rows).astype(np.uint8)
x = rng.integers(0, 60, (rows, 12, 12)).astype(np.uint8)
for picture, label in zip(x, y):
    at = rng.integers(1, 10)
    if label:
        picture[:, at : at + 2] += 150
    else:
        picture[at : at + 2] += 150
np.savez_compressed(here / "bars.npz", x=x, y=y)

folder = here / "shards"
folder.mkdir(exist_ok=True)
for shard in range(2):
    n = 150
    age = rng.integers(18, 80, n)
    fare = np.round(rng.gamma(2.0, 20.0, n), 2)
    town = rng.choice(["Cork", "Lyon", "Turin"], n)
    survived = (age / 40 + fare / 60 + rng.normal(0, 0.3, n) > 1.9).astype(int)
    table = pa.table({"passenger_id": np.arange(n) + shard * n, "age": age, "fare": fare, "town": town, "survived": survived})
    pq.write_table(table, folder / f"part-{shard}.parquet", compression="zstd")
