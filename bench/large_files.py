"""Data larger than memory is meant to hold, for the measurements of bench/profiles.md: pictures in folders, and the same in parquet.

    pip install pillow pyarrow numpy
    python bench/large_files.py FOLDER [--pictures 100000] [--parquet 2.1]     # gigabytes of parquet
    cargo xtask memory FOLDER/pictures.toml --no-control
    cargo xtask memory FOLDER/parquet.toml --no-control

100,000 JPEG pictures of 180 to 240 pixels in ten classes, cut from forty coloured noises: some 780 MB of files.
"""

import argparse
import pathlib
import random

import numpy as np

RECIPE = """task = "classification"
[data]
source = "{source}"
path = "{path}"
size = [{size}, {size}]
[stage.model]
model = {{ kind = "mlp", hidden = [32] }}
view = {{ pool = [{pool}, {pool}] }}
train = {{ epochs = 4, batch = 128, lr = 1e-3 }}
"""


def pictures(folder, count):
    from PIL import Image

    draw = np.random.default_rng(1)
    noises = [Image.fromarray(draw.integers(0, 255, (12, 12, 3), dtype=np.uint8)).resize((260, 260)) for _ in range(40)]
    for i in range(count):
        own = folder / f"c{i % 10}"
        own.mkdir(parents=True, exist_ok=True)
        left, top, width, height = i % 20, i % 17, 200 + i * 7 % 60, 200 + i * 13 % 60
        box = (left, top, left + width - 20, top + height - 20)
        noises[i % 10 * 4 + i // 10 % 4].crop(box).save(own / f"{i}.jpg", quality=70)


def parquet(folder, source, gigabytes):
    import pyarrow as pa
    from pyarrow import parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(source.glob("*/*.jpg"))
    random.Random(1).shuffle(files)
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("image", picture), ("label", pa.int64())])
    written, i = 0, 0
    with pq.ParquetWriter(folder / "train-00000-of-00001.parquet", schema, compression="none", use_dictionary=False) as out:
        while written < 1e9 * gigabytes:
            rows = []
            for _ in range(1000):
                file = files[i % len(files)]
                content = file.read_bytes()
                rows.append({"image": {"bytes": content, "path": f"{i}.jpg"}, "label": int(file.parent.name[1:])})
                written, i = written + len(content), i + 1
            out.write_table(pa.Table.from_pylist(rows, schema=schema))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--pictures", type=int, default=100_000)
    arguments.add_argument("--parquet", type=float, default=2.1)
    arguments = arguments.parse_args()
    folder = arguments.folder.absolute()
    pictures(folder / "pictures", arguments.pictures)
    parquet(folder / "parquet", folder / "pictures", arguments.parquet)
    (folder / "pictures.toml").write_text(RECIPE.format(source="image-folder", path=folder / "pictures", size=224, pool=28))
    (folder / "parquet.toml").write_text(RECIPE.format(source="parquet", path=folder / "parquet", size=64, pool=8))


main()
