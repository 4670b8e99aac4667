"""µP as the Python package `mup` has it: writes parametrization.json beside this file.

Run `python testdata/reference/parametrization.py` with the PyTorch named in the JSON's `torch`, and `mup` 1.0.0 (needs pandas, pyyaml, tqdm,
seaborn). Nothing here is random.

The package multiplies the input of the head by 1/m; Distil folds that into the head's weights, rate and decay. What both have in
common for a parameter whose answer is multiplied by f (1 but for the head's weight): first · f, sgd · f², adam · f, rate · decay.

Format of parametrization.json
  torch      version
  networks   [{name, input, outputs, small, large, parameters}]: `small` and `large` are models as recipes write them;
             parameters {path: {first, sgd, adam, decay}}: those products; `decay` is rate · decay, the largest of all optimisers
  training   [{optimizer, lr, decay, losses, outputs}]: an MLP 6-24-18-3 whose base is 6-4-6-3, all of it taught `target` on `inputs` by
             mean squared error, in 64 bits; `losses` before each update, `outputs` after the last
  inputs, target, first   of these trainings; `first` {path: flat list}, weights [inputs, outputs], that of the head with f in it
"""

import json
import math
from pathlib import Path

import torch
from mup import MuAdam, MuAdamW, MuReadout, MuSGD, set_base_shapes
from torch import nn

CHANNELS = (16, 32, 64)


def layer(path, kind, inputs, outputs, reads, writes, norm=None, kernel=1):
    return {"path": path, "kind": kind, "inputs": inputs, "outputs": outputs, "reads": reads, "writes": writes, "norm": norm, "kernel": kernel}


def mlp(inputs, outputs, hidden, norm=None):
    sizes = [inputs, *hidden]
    layers = [layer(f"hidden.{i}", "dense", sizes[i], sizes[i + 1], i, i + 1, norm) for i in range(len(hidden))]
    return layers + [layer("head", "dense", sizes[-1], outputs, len(hidden), len(hidden) + 1)]


class Pictures:
    """Layers of a network for pictures; a flow is its axis and its channels."""

    def __init__(self, channels):
        self.layers, self.next, self.start = [], 1, (0, channels)

    def conv(self, path, outputs, flow, onto=None, kernel=3, depthwise=False):
        axis = onto[0] if onto else flow[0] if depthwise else self.next
        self.next = max(self.next, axis + 1)
        self.layers.append(layer(path, "depthwise" if depthwise else "conv", flow[1], outputs, flow[0], axis, "batch", kernel))
        return axis, outputs

    def head(self, flow, outputs):
        return self.layers + [layer("head", "dense", flow[1], outputs, flow[0], self.next)]


def cnn(inputs, outputs, channels, convs):
    net = Pictures(inputs)
    flow = net.start
    for block, width in enumerate(channels):
        for conv in range(convs):
            flow = net.conv(f"block.{block}.conv.{conv}", width, flow)
    return net.head(flow, outputs)


def resnet(inputs, outputs, depth, width):
    net = Pictures(inputs)
    channels = [max(1, round(c * width)) for c in CHANNELS]
    flow = net.conv("stem", channels[0], net.start)
    for stage, wide in enumerate(channels):
        for block in range((depth - 2) // 6):
            at, onto = f"stage.{stage}.block.{block}.", flow
            if stage > 0 and block == 0:
                onto = net.conv(at + "shortcut", wide, flow, kernel=1)
            flow = net.conv(at + "second", wide, net.conv(at + "first", wide, flow), onto)
    return net.head(flow, outputs)


def mobilenet(inputs, outputs, channels, blocks, expansion):
    net = Pictures(inputs)
    flow = net.conv("stem", channels[0], net.start)
    for stage, wide in enumerate(channels):
        for block in range(blocks):
            at = f"stage.{stage}.block.{block}."
            inner = net.conv(at + "expand", expansion * flow[1], flow, kernel=1)
            inner = net.conv(at + "depthwise", inner[1], inner, depthwise=True)
            flow = net.conv(at + "project", wide, inner, flow if stage == 0 or block > 0 else None, 1)
    return net.head(flow, outputs)


def dscnn(inputs, outputs, channels, blocks):
    net = Pictures(inputs)
    flow = net.conv("stem", channels, net.start)
    for block in range(blocks):
        flow = net.conv(f"block.{block}.depthwise", channels, flow, depthwise=True)
        flow = net.conv(f"block.{block}.pointwise", channels, flow, kernel=1)
    return net.head(flow, outputs)


def base_sizes(small, large):
    """The base's size of every hidden axis: that of the layer of the same path, else of the axis before it; what an inserted block
    expands to, as the small network's blocks expand."""
    paths = {one["path"]: one for one in small}
    expands = next((one["outputs"] // one["inputs"] for one in small if one["path"].endswith(".expand")), None)
    sizes = {}
    for one in large[:-1]:
        writers = [other for other in large[:-1] if other["writes"] == one["writes"] and other["path"] in paths]
        if one["writes"] in sizes:
            continue
        if writers:
            sizes[one["writes"]] = paths[writers[0]["path"]]["outputs"]
        elif one["path"].endswith(".expand") and expands:
            sizes[one["writes"]] = sizes[one["reads"]] * expands
        elif one["reads"] in sizes:
            sizes[one["writes"]] = sizes[one["reads"]]
    return sizes


class Net(nn.Module):
    """The parameters of these layers; the package looks at nothing else. `size(axis, size)` gives the size of an axis."""

    def __init__(self, layers, size):
        super().__init__()
        for one in layers:
            inputs, outputs = size(one["reads"], one["inputs"]), size(one["writes"], one["outputs"])
            name = one["path"].replace(".", "_")
            if one is layers[-1]:
                module = MuReadout(inputs, outputs)
            elif one["kind"] == "dense":
                module = nn.Linear(inputs, outputs)
            elif one["kind"] == "depthwise":
                module = nn.Conv2d(outputs, outputs, one["kernel"], groups=outputs, bias=False)
            else:
                module = nn.Conv2d(inputs, outputs, one["kernel"], bias=False)
            self.add_module(name, module)
            if one["norm"]:
                norm = {"batch": nn.BatchNorm2d, "layer": nn.LayerNorm}[one["norm"]]
                self.add_module(name + "__norm", norm(outputs))


def based(small, large):
    """The large network with the small one's shapes as its base."""
    sizes = base_sizes(small, large)
    made = lambda factor: Net(large, lambda axis, size: factor * sizes[axis] if axis in sizes and factor else size)
    net = made(0)
    before = {name: value.detach().clone() for name, value in net.named_parameters()}
    # Axes of one size in base and network count as finite unless a third network differs there.
    set_base_shapes(net, made(1), delta=made(2))
    return net, before


def named(name):
    module, parameter = name.rsplit(".", 1)
    if module.endswith("__norm"):
        return module[: -len("__norm")].replace("_", ".") + ".norm." + {"weight": "gamma", "bias": "beta"}[parameter]
    return module.replace("_", ".") + "." + parameter


def products(small, large):
    net, before = based(small, large)
    names = {id(value): name for name, value in net.named_parameters()}
    found = {name: {} for name in before}
    head = large[-1]["path"].replace(".", "_")
    folded = {head + ".weight": 1.0 / getattr(net, head).width_mult()}
    for name, value in net.named_parameters():
        length = before[name].norm().item()
        first = value.detach().norm().item() / length if length > 0 else 1.0
        found[name]["first"] = first * folded.get(name, 1.0)
    for key, optimizer in (("sgd", MuSGD), ("adam", MuAdam), ("adamw", MuAdamW)):
        for group in optimizer(net.parameters(), lr=1.0, weight_decay=1.0).param_groups:
            for value in group["params"]:
                name = names[id(value)]
                forward = folded.get(name, 1.0)
                found[name][key] = group["lr"] * forward ** (2 if key == "sgd" else 1)
                found[name]["decay"] = max(found[name].get("decay", 0.0), group["lr"] * group["weight_decay"])
    assert all(one["adam"] == one["adamw"] for one in found.values())
    return {named(name): {key: one[key] for key in ("first", "sgd", "adam", "decay")} for name, one in found.items()}


PAIRS = [
    ("mlp", 100, 10, {"hidden": [50]}, {"hidden": [500, 100]}, mlp),
    ("mlp", 64, 10, {"hidden": [64, 64]}, {"hidden": [64, 512]}, mlp),
    ("mlp", 100, 3, {"hidden": [64, 32], "norm": "layer"}, {"hidden": [256, 64], "norm": "layer"}, mlp),
    ("cnn", 1, 10, {"channels": [4, 8], "convs": 1}, {"channels": [16, 64], "convs": 2}, cnn),
    ("resnet", 3, 10, {"depth": 8, "width": 0.5}, {"depth": 14, "width": 2.0}, resnet),
    ("mobilenet", 3, 10, {"channels": [8, 12], "blocks": 1, "expansion": 2}, {"channels": [16, 48], "blocks": 2, "expansion": 3}, mobilenet),
    ("dscnn", 1, 10, {"channels": 8, "blocks": 1}, {"channels": 24, "blocks": 3}, dscnn),
]


def networks():
    for kind, inputs, outputs, small, large, make in PAIRS:
        yield {
            "name": f"{kind} {small} -> {large}",
            "input": [inputs] if kind == "mlp" else [16, 16, inputs],
            "outputs": outputs,
            "small": {"kind": kind, **small},
            "large": {"kind": kind, **large},
            "parameters": products(make(inputs, outputs, **small), make(inputs, outputs, **large)),
        }


def sines(shape, start):
    count = math.prod(shape)
    return torch.tensor([math.sin(1.7 * (start + i) + 0.3) for i in range(count)], dtype=torch.float64).reshape(shape)


SMALL, LARGE = mlp(6, 3, [4, 6]), mlp(6, 3, [24, 18])
RULES = [
    ("sgd", MuSGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    ("adam", MuAdam, {"lr": 0.01}),
    ("adamw", MuAdamW, {"lr": 0.01, "weight_decay": 0.1}),
]


def trainings():
    inputs, target, first = sines([12, 6], 0), sines([12, 3], 500), None
    runs = []
    for name, rule, settings in RULES:
        net, _ = based(SMALL, LARGE)
        net.double()
        layers = [net.hidden_0, net.hidden_1, net.head]
        with torch.no_grad():
            for i, module in enumerate(layers):
                bound = module.weight.shape[1] ** -0.5
                module.weight.copy_(bound * sines(module.weight.shape, 1000 * (i + 1)))
                module.bias.copy_(bound * sines(module.bias.shape, 1000 * (i + 1) + 700))
        if first is None:
            first = {}
            for module, path in zip(layers, ["hidden.0", "hidden.1", "head"]):
                forward = 1.0 / net.head.width_mult() if path == "head" else 1.0
                first[path + ".weight"] = (module.weight.detach().T * forward).flatten().tolist()
                first[path + ".bias"] = module.bias.detach().flatten().tolist()
        forward = lambda: net.head(torch.relu(net.hidden_1(torch.relu(net.hidden_0(inputs)))))
        optimizer = rule(net.parameters(), **settings)
        losses = []
        for _ in range(30):
            loss = ((forward() - target) ** 2).mean()
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        runs.append({"optimizer": name, "lr": settings["lr"], "decay": settings.get("weight_decay", 0.0), "losses": losses, "outputs": forward().detach().flatten().tolist()})
    return {"inputs": inputs.flatten().tolist(), "target": target.flatten().tolist(), "first": first, "training": runs}


if __name__ == "__main__":
    written = {"torch": torch.__version__, "networks": list(networks()), **trainings()}
    Path(__file__).with_suffix(".json").write_text(json.dumps(written, indent=1) + "\n")
