"""FLOPs of networks as PyTorch counts them: writes flops.json beside this file.

Run `python testdata/reference/flops.py`. `FlopCounterMode` counts matrix products, two FLOPs for each multiply-add;
forward and backward are counted separately. The input needs no gradient, as in training.

Format of flops.json
  torch   version
  nets    [{widths, batch, parameters, forward, backward}]: FLOPs of the whole batch; ReLU between the layers
  pictures  [{model, shape, batch, parameters, forward, backward}]: `model` as recipes name it, `shape` height, width and
          channels; batch norm after every convolution. Of a depthwise kernel's gradient PyTorch counts a dense one, which
          nobody computes: mobilenet's and dscnn's backward has twice its forward instead, but for the stem, as their other layers have
  teach   [{student, teacher, batch, forward, backward}]: one distillation step, a frozen teacher's forward included
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

NETS = [
    [100, 50, 10],
    [1000, 500, 100, 10],
    [64, 32, 10],
    [64, 256, 128, 10],
    [14, 64, 64, 1],
    [20, 3],
]
TEACH = [([100, 50, 10], [1000, 500, 100, 10]), ([64, 32, 10], [64, 256, 128, 10])]


PICTURES = [
    ({"kind": "cnn", "channels": [32, 64, 128], "convs": 1}, [28, 28, 1]),
    ({"kind": "cnn", "channels": [5, 7], "convs": 2}, [9, 8, 3]),
    ({"kind": "resnet", "depth": 20, "width": 1.0}, [32, 32, 3]),
    ({"kind": "resnet", "depth": 8, "width": 2.0}, [9, 7, 1]),
    ({"kind": "mobilenet", "channels": [16, 24], "blocks": 2, "expansion": 6}, [16, 15, 3]),
    ({"kind": "dscnn", "channels": 64, "blocks": 4, "kernel": [4, 10], "stride": [2, 2], "halves": False}, [10, 49, 1]),
    ({"kind": "dscnn", "channels": 12, "blocks": 2, "kernel": [3, 5], "stride": [1, 2], "halves": True}, [11, 14, 2]),
]


def mlp(widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def count(work):
    with FlopCounterMode(display=False) as counter:
        result = work()
    return result, counter.get_total_flops()


def net(widths, batch):
    model, x = mlp(widths), torch.randn(batch, widths[0])
    out, forward = count(lambda: model(x))
    _, backward = count(lambda: out.square().mean().backward())
    parameters = sum(p.numel() for p in model.parameters())
    return {"widths": widths, "batch": batch, "parameters": parameters, "forward": forward, "backward": backward}


def conv(inputs, outputs, kernel=3, stride=1, groups=1):
    layer = torch.nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return torch.nn.Sequential(layer, torch.nn.BatchNorm2d(outputs))


class Sum(torch.nn.Module):
    def __init__(self, branch, shortcut):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        return self.branch(x) + self.shortcut(x)


def blocks(model, channels):
    """The layers before the mean over the picture, and their last channels."""
    if model["kind"] == "cnn":
        for outputs in model["channels"]:
            for _ in range(model["convs"]):
                yield conv(channels, outputs)
                yield torch.nn.ReLU()
                channels = outputs
            yield torch.nn.MaxPool2d(2)
        return
    if model["kind"] == "dscnn":
        outputs, (height, width), stride = model["channels"], model["kernel"], tuple(model["stride"])
        around = ((width - 1) // 2, width // 2, (height - 1) // 2, height // 2)
        stem = torch.nn.Conv2d(channels, outputs, (height, width), stride, bias=False)
        yield torch.nn.Sequential(torch.nn.ZeroPad2d(around), stem, torch.nn.BatchNorm2d(outputs))
        for b in range(model["blocks"]):
            yield conv(outputs, outputs, 3, 2 if b == 0 and model["halves"] else 1, outputs)
            yield conv(outputs, outputs, 1)
        return
    resnet = model["kind"] == "resnet"
    sizes = [int(c * model["width"]) for c in (16, 32, 64)] if resnet else model["channels"]
    yield conv(channels, sizes[0])
    channels = sizes[0]
    for s, outputs in enumerate(sizes):
        for b in range((model["depth"] - 2) // 6 if resnet else model["blocks"]):
            stride = 1 + (s > 0 and b == 0)
            if resnet:
                branch = torch.nn.Sequential(conv(channels, outputs, 3, stride), torch.nn.ReLU(), conv(outputs, outputs))
                yield Sum(branch, conv(channels, outputs, 1, stride) if stride > 1 else torch.nn.Identity())
                yield torch.nn.ReLU()
            else:
                inner = model["expansion"] * channels
                depthwise = conv(inner, inner, 3, stride, inner)
                branch = torch.nn.Sequential(conv(channels, inner, 1), depthwise, conv(inner, outputs, 1))
                yield branch if stride > 1 else Sum(branch, torch.nn.Identity())
            channels = outputs


def picture(model, shape, batch):
    height, width, channels = shape
    layers = list(blocks(model, channels))
    last = model.get("channels", int(64 * model.get("width", 1)))
    last = last[-1] if isinstance(last, list) else last
    net = torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(last, 10))
    x = torch.randn(batch, channels, height, width)
    out, forward = count(lambda: net(x))
    _, backward = count(lambda: out.square().mean().backward())
    if model["kind"] in ("mobilenet", "dscnn"):
        _, stem = count(lambda: layers[0](x))
        backward = 2 * forward - stem
    parameters = sum(p.numel() for p in net.parameters())
    return {"model": model, "shape": shape, "batch": batch, "parameters": parameters, "forward": forward, "backward": backward}


def teach(student, teacher, batch):
    model, frozen = mlp(student), mlp(teacher)
    x, view = torch.randn(batch, student[0]), torch.randn(batch, teacher[0])

    def run():
        with torch.no_grad():
            target = frozen(view)
        return F.kl_div(F.log_softmax(model(x), 1), F.softmax(target, 1), reduction="batchmean")

    loss, forward = count(run)
    _, backward = count(loss.backward)
    return {"student": student, "teacher": teacher, "batch": batch, "forward": forward, "backward": backward}


def main():
    nets = [net(widths, batch) for widths in NETS for batch in [1, 32]]
    pictures = [picture(model, shape, batch) for model, shape in PICTURES for batch in [1, 8]]
    taught = [teach(student, teacher, 32) for student, teacher in TEACH]
    lines = [f'"torch": {json.dumps(torch.__version__)}']
    for key, entries in [("nets", nets), ("pictures", pictures), ("teach", taught)]:
        lines.append(f'"{key}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]")
    Path(__file__).with_name("flops.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
