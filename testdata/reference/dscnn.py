"""Answers and gradients of DS-CNN (Zhang et al. 2017) in PyTorch: writes dscnn.json beside this file.

Run `python testdata/reference/dscnn.py` with the PyTorch named in the JSON. The network is written out here from the paper, padded as
TensorFlow's "same" pads, for which its authors wrote it; of depthwise 3 × 3 kernels, as PyTorch's `padding=1`.

Format of dscnn.json
  torch  version
  cases  [{model, shape, inputs, weights, evaluated, trained, gradients}]: `model` as recipes name it; `shape` height, width and channels;
         inputs [rows, height · width · channels], channels last; weights {path: flat list} as Distil has them, kernels
         [rows of the kernel · columns · inputs, outputs], depthwise ones [9, channels]; evaluated and trained: outputs by running
         statistics and by the batch's own; gradients {path: flat list} of the mean square of the trained outputs
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

OUTPUTS = 3
ROWS = 4
CASES = [
    ({"kind": "dscnn", "channels": 5, "blocks": 2, "kernel": [4, 10], "stride": [2, 2], "halves": False}, [10, 13, 1]),
    ({"kind": "dscnn", "channels": 4, "blocks": 3, "kernel": [4, 10], "stride": [1, 2], "halves": True}, [7, 12, 2]),
    ({"kind": "dscnn", "channels": 3, "blocks": 1, "kernel": [3, 3], "stride": [1, 1], "halves": False}, [5, 4, 1]),
]


def draw(generator, *shape, low=-1.0, high=1.0):
    return low + (high - low) * torch.rand(*shape, generator=generator)


def first_weights(model, channels_in, generator):
    """By path, in Distil's order of axes."""
    channels, (height, width) = model["channels"], model["kernel"]
    weights = {}

    def conv(path, rows):
        weights[path + ".weight"] = draw(generator, rows, channels) * (3 / rows) ** 0.5
        weights[path + ".norm.gamma"] = draw(generator, channels, low=0.5, high=1.5)
        weights[path + ".norm.beta"] = draw(generator, channels, low=-0.5, high=0.5)
        weights[path + ".norm.running_mean"] = draw(generator, channels, low=-0.5, high=0.5)
        weights[path + ".norm.running_var"] = draw(generator, channels, low=0.5, high=2.0)

    conv("stem", height * width * channels_in)
    for block in range(model["blocks"]):
        conv(f"block.{block}.depthwise", 9)
        conv(f"block.{block}.pointwise", channels)
    weights["head.weight"] = draw(generator, channels, OUTPUTS)
    weights["head.bias"] = draw(generator, OUTPUTS)
    return weights


def same(size, side, step):
    total = max((-(-size // step) - 1) * step + side - size, 0)
    return total // 2, total - total // 2


def forward(model, shape, weights, inputs, training):
    height, width, channels_in = shape
    x = inputs.reshape(-1, height, width, channels_in).permute(0, 3, 1, 2)

    def normed(path, x):
        norm = [weights[f"{path}.norm.{name}"] for name in ("running_mean", "running_var", "gamma", "beta")]
        mean, variance, gamma, beta = norm
        return F.relu(F.batch_norm(x, mean.clone(), variance.clone(), gamma, beta, training=training, eps=1e-5))

    rows, columns = model["kernel"]
    down, across = model["stride"]
    kernel = weights["stem.weight"].reshape(rows, columns, channels_in, -1).permute(3, 2, 0, 1)
    padded = F.pad(x, (*same(width, columns, across), *same(height, rows, down)))
    x = normed("stem", F.conv2d(padded, kernel, stride=(down, across)))
    channels = model["channels"]
    for block in range(model["blocks"]):
        path = f"block.{block}."
        kernel = weights[path + "depthwise.weight"].T.reshape(channels, 1, 3, 3)
        step = 2 if block == 0 and model["halves"] else 1
        x = normed(path + "depthwise", F.conv2d(x, kernel, stride=step, padding=1, groups=channels))
        kernel = weights[path + "pointwise.weight"].T.reshape(channels, channels, 1, 1)
        x = normed(path + "pointwise", F.conv2d(x, kernel))
    return x.mean((2, 3)) @ weights["head.weight"] + weights["head.bias"]


def flat(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def case(model, shape, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = first_weights(model, shape[2], generator)
    inputs = draw(generator, ROWS, shape[0] * shape[1] * shape[2], low=-2.0, high=2.0)
    with torch.no_grad():
        evaluated = forward(model, shape, weights, inputs, False)
    learnt = [path for path in weights if "running" not in path]
    for path in learnt:
        weights[path].requires_grad_()
    trained = forward(model, shape, weights, inputs, True)
    gradients = torch.autograd.grad(trained.square().mean(), [weights[path] for path in learnt])
    return {
        "model": model,
        "shape": shape,
        "inputs": flat(inputs),
        "weights": {path: flat(value.detach()) for path, value in weights.items()},
        "evaluated": flat(evaluated),
        "trained": flat(trained.detach()),
        "gradients": {path: flat(value) for path, value in zip(learnt, gradients)},
    }


if __name__ == "__main__":
    cases = [case(model, shape, seed) for seed, (model, shape) in enumerate(CASES)]
    text = json.dumps({"torch": torch.__version__, "cases": cases})
    Path(__file__).with_suffix(".json").write_text(text + "\n")
