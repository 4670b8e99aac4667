"""Whether an exported model answers in PyTorch as it does in Distil.

Run `python testdata/reference/export_check.py <distil> <model> <inputs.csv>` with torch, safetensors and numpy:

  distil      the program
  model       the `model` folder of a classifier whose data is a block of numbers (digits, npy)
  inputs.csv  rows of numbers as `distil predict` reads them, without a header; more columns than inputs are left aside

The script exports the model, runs the module that the exported README.md prints, reads the inputs as
preprocessor_config.json says, and compares probabilities with those of `distil predict`. It prints the largest
difference and fails if that is above 1e-5, the bound for sums of float32 in another order.
"""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy
import torch


def exported(folder):
    """The model that the README's own code makes."""
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
        code = re.search(r"```python\n(.*?)```", file.read(), re.DOTALL).group(1)
    before = os.getcwd()
    os.chdir(folder)
    try:
        names = {}
        exec(code, names)
    finally:
        os.chdir(before)
    return names["model"], names["config"]


def inputs(folder, path):
    with open(os.path.join(folder, "preprocessor_config.json"), encoding="utf-8") as file:
        block = json.load(file)["preprocessing"]["block"]
    width = int(numpy.prod(block["shape"]))
    with open(path, encoding="utf-8") as file:
        rows = [[float(cell) for cell in row[:width]] for row in csv.reader(file)]
    shift, scale = (numpy.array(block[key], dtype=numpy.float32) for key in ("shift", "scale"))
    return torch.from_numpy((numpy.array(rows, dtype=numpy.float32) - shift) / scale)


def main():
    distil, model_folder, path = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, "export")
        subprocess.run([distil, "export", model_folder, "--to", "safetensors", "--output", folder], check=True, stdout=subprocess.DEVNULL)
        model, config = exported(folder)
        with torch.no_grad():
            found = torch.softmax(model(inputs(folder, path)), dim=1)
        answered = json.loads(subprocess.run([distil, "predict", model_folder, path], check=True, capture_output=True).stdout)
    names = [config["id2label"][str(i)] for i in range(config["output_size"])]
    assert names == answered["names"], (names, answered["names"])
    wanted = torch.tensor([answer["probabilities"] for answer in answered["answers"]])
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    difference = (found - wanted).abs().max().item()
    print(f"{len(wanted)} rows, largest difference of a probability {difference:.1e}")
    assert difference <= 1e-5


main()
