"""Tiny pictures in every form Distil reads, and their pixels as PIL decodes them: writes the files beside this one.

Run `python testdata/reference/pictures/make.py` (numpy, Pillow, pyarrow; versions are in pixels.json).

  tiny.parquet   10 pictures of 12 × 16, classes 0 1 2 …; rows 0-5 JPEG (colour, 4:2:0; row 4 grey, row 5 progressive 4:4:4),
                 rows 6-9 PNG (colour, grey, palette, colour with opacity); Hugging Face metadata
  broken.parquet the same, the JPEG of row 3 cut after two thirds
  folder/        {ape,bee}/{0,1}.png, 12 × 16
  idx/           6 training and 2 test pictures of 4 × 3 (the test images packed by gzip)
  cifar/         3 training and 2 test records of CIFAR-10's binary form
  pixels.json    {versions, rgb: [10][12·16·3], grey: [10][12·16], area: row 6 brought to 5 × 7 by the mean of what
                  each new pixel covers, folder: {path: pixels}, cifar: {labels, rgb of record 1}}
"""

import gzip
import io
import json
import pathlib

import numpy as np
import PIL
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

HERE = pathlib.Path(__file__).parent
HEIGHT, WIDTH = 12, 16


def picture(i, height=HEIGHT, width=WIDTH):
    """A smooth colour picture with an edge."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [127 + 100 * np.sin(0.3 * (c + 1) * x + 0.2 * (i + 1) * y + c) for c in range(3)]
    values = np.stack(channels, 2)
    values[:, width // 2 :] *= 0.6
    return values.round().clip(0, 255).astype(np.uint8)


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def files():
    colour = [Image.fromarray(picture(i)) for i in range(10)]
    for i in range(4):
        yield encoded(colour[i], "JPEG", quality=90)
    yield encoded(colour[4].convert("L"), "JPEG", quality=90)
    yield encoded(colour[5], "JPEG", quality=95, subsampling=0, progressive=True)
    yield encoded(colour[6], "PNG")
    yield encoded(colour[7].convert("L"), "PNG")
    yield encoded(colour[8].quantize(16), "PNG")
    opaque = Image.fromarray(np.dstack([picture(9), np.full((HEIGHT, WIDTH), 200, np.uint8)]))
    yield encoded(opaque, "PNG")


def area(old, new):
    fine = np.repeat(np.eye(old), new, axis=1)
    return fine.reshape(old, new, old).mean(2).T


def parquet(name, contents):
    labels = [i % 3 for i in range(len(contents))]
    rows = [{"bytes": c, "path": None} for c in contents]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(rows, kind), "label": pa.array(labels, pa.int64())})
    features = {
        "image": {"_type": "Image"},
        "label": {"names": ["ape", "bee", "cat"], "_type": "ClassLabel"},
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    table = table.replace_schema_metadata(metadata)
    pq.write_table(table, HERE / name, row_group_size=4, compression="snappy")


def folder():
    pixels = {}
    for c, name in enumerate(["ape", "bee"]):
        (HERE / "folder" / name).mkdir(parents=True, exist_ok=True)
        for i in range(2):
            values = picture(20 + 2 * c + i)
            Image.fromarray(values).save(HERE / "folder" / name / f"{i}.png")
            pixels[f"{name}/{i}.png"] = values.ravel().tolist()
    return pixels


def idx():
    to = HERE / "idx"
    to.mkdir(exist_ok=True)
    head = lambda *lengths: bytes([0, 0, 8, len(lengths)]) + np.array(lengths, ">u4").tobytes()
    train = np.arange(6 * 12, dtype=np.uint8)
    test = np.arange(100, 124, dtype=np.uint8)
    (to / "train-images-idx3-ubyte").write_bytes(head(6, 4, 3) + train.tobytes())
    (to / "train-labels-idx1-ubyte").write_bytes(head(6) + bytes([0, 1, 2, 0, 1, 2]))
    (to / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(head(2, 4, 3) + test.tobytes(), mtime=0))
    (to / "t10k-labels-idx1-ubyte").write_bytes(head(2) + bytes([2, 0]))


def cifar():
    to = HERE / "cifar"
    to.mkdir(exist_ok=True)
    record = lambda label, i: bytes([label]) + picture(i, 32, 32).transpose(2, 0, 1).tobytes()
    (to / "data_batch_1.bin").write_bytes(record(1, 40) + record(0, 41))
    (to / "data_batch_2.bin").write_bytes(record(2, 42))
    (to / "test_batch.bin").write_bytes(record(1, 43) + record(2, 44))
    (to / "batches.meta.txt").write_text("ape\nbee\ncat\n\n")
    return {"labels": [1, 0, 2, 1, 2], "rgb": picture(41, 32, 32).ravel().tolist()}


def main():
    contents = list(files())
    parquet("tiny.parquet", contents)
    broken = list(contents)
    broken[3] = broken[3][: len(broken[3]) * 2 // 3]
    parquet("broken.parquet", broken)
    images = [Image.open(io.BytesIO(c)) for c in contents]
    rgb = [np.asarray(image.convert("RGB")) for image in images]
    # Palettes and opacity have no grey of their own in PIL: by way of RGB.
    grey = [np.asarray(image.convert("RGB").convert("L")) for image in images]
    small = np.einsum("ay,yxc,bx->abc", area(HEIGHT, 5), rgb[6].astype(float), area(WIDTH, 7))
    pixels = {
        "versions": {"numpy": np.__version__, "Pillow": PIL.__version__, "pyarrow": pa.__version__},
        "rgb": [x.ravel().tolist() for x in rgb],
        "grey": [x.ravel().tolist() for x in grey],
        "area": small.ravel().round(4).tolist(),
        "folder": folder(),
        "cifar": cifar(),
    }
    idx()
    (HERE / "pixels.json").write_text(json.dumps(pixels, separators=(",", ":")) + "\n")


main()
