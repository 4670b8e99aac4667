"""Optimisers, clipping and schedules as PyTorch computes them: writes optim.json beside this file.

Run `python testdata/reference/optim.py` with the PyTorch named in the JSON's `torch`; the same version writes the
same bytes. Nothing here is random: the numbers come from sines.

Format of optim.json
  torch        version
  parameters   [{path, shape, initial}]   shared by all cases; row-major, weights are [inputs, outputs]
  gradients    [step][parameter] -> flat list, before clipping; shared by all cases. They span 1e-6 to 10, with exact
               zeros, so that epsilon, bias correction and clipping all matter
  cases        [{name, optimizer, clip, norms, after}]
      optimizer  {kind, lr, ...}: sgd {momentum, nesterov}, adam {betas, eps}, adamw {betas, eps, weight_decay, exclude}.
                 Decay is decoupled (p -= lr * weight_decay * p first) and leaves out the parameters named in `exclude`
      clip       largest global norm, or null. PyTorch scales by clip / (norm + 1e-6), at most 1
      norms      [step] global gradient norm before clipping
      after      [step][parameter] -> flat list after that step
      young      present in one case: {mask, at, lr, warmup}. From step `at` on (counted from 0) the elements with
                 mask[parameter][i] = 1 forget their moments and start at age 0; their learning rate is
                 optimizer.lr * lr * min(1, (age + 1) / warmup), age counted from 0. Computed here by splitting each
                 parameter in two, each half with an optimiser of its own
  schedules    [{kind, peak, warmup, cooldown, steps, lr}]: lr[t] is the rate of update t = 0 .. steps - 1
      warm-up      peak * (t + 1) / warmup for t < warmup, then the curve over the remaining n = steps - warmup updates,
                   with i = t - warmup:
      constant     peak
      linear       peak * (1 - i / n)              (zero would be reached at update `steps`)
      cosine       peak * (1 + cos(pi * i / n)) / 2
      trapezoid    peak, then peak * (1 - j / cooldown) over the last `cooldown` updates, j = 0 .. cooldown - 1
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler

STEPS = 12
SHAPES = {"hidden.0.weight": [3, 4], "hidden.0.bias": [4], "head.weight": [4, 2], "head.bias": [2]}
PATHS = list(SHAPES)
BIASES = [path for path in PATHS if path.endswith("bias")]


def numbers(tensor):
    """The shortest decimals that read back as the same f32."""
    return [float(str(np.float32(x))) for x in tensor.detach().flatten().tolist()]


def initial():
    count, values = 0, []
    for shape in SHAPES.values():
        size = math.prod(shape)
        values.append(torch.tensor([math.sin(1.7 * (count + i) + 0.3) for i in range(size)]).reshape(shape))
        count += size
    return values


def gradients():
    steps = []
    for step in range(STEPS):
        row = []
        for p, shape in enumerate(SHAPES.values()):
            flat = [
                math.sin(0.9 * i + 2.3 * step + 1.1 * p) * 10.0 ** ((5 * i + 3 * step + p) % 8 - 6)
                for i in range(math.prod(shape))
            ]
            flat[step % len(flat)] = 0.0
            row.append(torch.tensor(flat).reshape(shape))
        steps.append(row)
    return steps


def build(spec, named):
    kind, lr = spec["kind"], spec["lr"]
    if kind == "sgd":
        return torch.optim.SGD(
            list(named.values()), lr=lr, momentum=spec["momentum"], nesterov=spec["nesterov"], foreach=False
        )
    betas, eps = tuple(spec["betas"]), spec["eps"]
    if kind == "adam":
        return torch.optim.Adam(list(named.values()), lr=lr, betas=betas, eps=eps, foreach=False)
    groups = [
        {"params": [p for n, p in named.items() if n not in spec["exclude"]], "weight_decay": spec["weight_decay"]},
        {"params": [p for n, p in named.items() if n in spec["exclude"]], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=lr, betas=betas, eps=eps, foreach=False)


def trajectory(name, spec, clip=None):
    named = {path: torch.nn.Parameter(value) for path, value in zip(PATHS, initial())}
    optimizer = build(spec, named)
    norms, after = [], []
    for row in gradients():
        for parameter, gradient in zip(named.values(), row):
            parameter.grad = gradient.clone()
        norm = torch.nn.utils.clip_grad_norm_(named.values(), math.inf if clip is None else clip, foreach=False)
        optimizer.step()
        norms.append(norm)
        after.append([numbers(parameter) for parameter in named.values()])
    return {"name": name, "optimizer": spec, "clip": clip, "norms": numbers(torch.stack(norms)), "after": after}


def young_trajectory(name, spec, at, factor, warmup):
    """Old and young elements as separate parameters, the young ones' optimiser made anew at step `at`."""
    masks = [torch.arange(math.prod(shape)) % 3 == 2 for shape in SHAPES.values()]
    flat = [value.flatten() for value in initial()]
    old = {path: torch.nn.Parameter(v[~m]) for path, v, m in zip(PATHS, flat, masks)}
    new = {path: torch.nn.Parameter(v[m]) for path, v, m in zip(PATHS, flat, masks)}
    old_optimizer, new_optimizer = build(spec, old), build(spec, new)
    norms, after = [], []
    for step, row in enumerate(gradients()):
        if step == at:
            new_optimizer = build(spec, new)
        if step >= at:
            for group in new_optimizer.param_groups:
                group["lr"] = spec["lr"] * factor * min(1.0, (step - at + 1) / warmup)
        for path, gradient, mask in zip(PATHS, row, masks):
            old[path].grad, new[path].grad = gradient.flatten()[~mask], gradient.flatten()[mask]
        old_optimizer.step()
        new_optimizer.step()
        norms.append(torch.cat([gradient.flatten() for gradient in row]).norm())
        whole = []
        for path, mask in zip(PATHS, masks):
            values = torch.empty(mask.numel())
            values[~mask], values[mask] = old[path].data, new[path].data
            whole.append(numbers(values))
        after.append(whole)
    young = {"mask": [mask.int().tolist() for mask in masks], "at": at, "lr": factor, "warmup": warmup}
    return {"name": name, "optimizer": spec, "clip": None, "norms": numbers(torch.stack(norms)), "after": after, "young": young}


def schedule(kind, peak, warmup, cooldown, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    parts, ends = [], []
    if warmup > 0:
        parts.append(lr_scheduler.LinearLR(optimizer, start_factor=1 / warmup, end_factor=1.0, total_iters=max(1, warmup - 1)))
        ends.append(warmup)
    rest = steps - warmup
    if kind == "linear":
        parts.append(lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=rest))
    elif kind == "cosine":
        parts.append(lr_scheduler.CosineAnnealingLR(optimizer, T_max=rest))
    else:
        parts.append(lr_scheduler.ConstantLR(optimizer, factor=1.0))
    if kind == "trapezoid":
        parts.append(lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=cooldown))
        ends.append(steps - cooldown)
    scheduler = lr_scheduler.SequentialLR(optimizer, parts, ends) if ends else parts[0]
    rates = []
    for _ in range(steps):
        rates.append(float(f"{optimizer.param_groups[0]['lr']:.12g}"))
        optimizer.step()
        scheduler.step()
    return {"kind": kind, "peak": peak, "warmup": warmup, "cooldown": cooldown, "steps": steps, "lr": rates}


def main():
    adam = {"kind": "adam", "lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8}
    adamw = {**adam, "kind": "adamw", "weight_decay": 1e-2}
    sgd = {"kind": "sgd", "lr": 0.05, "momentum": 0.0, "nesterov": False}
    cases = [
        trajectory("sgd", sgd),
        trajectory("sgd clipped", sgd, clip=1.0),
        trajectory("momentum", {**sgd, "momentum": 0.9}),
        trajectory("nesterov", {**sgd, "momentum": 0.9, "nesterov": True}),
        trajectory("nesterov clipped", {**sgd, "momentum": 0.9, "nesterov": True}, clip=0.5),
        trajectory("adam", adam),
        trajectory("adam with other constants", {**adam, "lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-4}),
        trajectory("adam clipped", adam, clip=1.0),
        trajectory("adamw", {**adamw, "exclude": []}),
        trajectory("adamw without decay of biases", {**adamw, "lr": 0.01, "weight_decay": 0.1, "exclude": BIASES}),
        trajectory("adamw clipped", {**adamw, "exclude": BIASES}, clip=0.5),
        young_trajectory("adam with young elements", {**adam, "lr": 0.01}, at=5, factor=1.3, warmup=4),
    ]
    schedules = [
        schedule(kind, peak, warmup, cooldown, steps)
        for kind in ["constant", "linear", "cosine", "trapezoid"]
        for peak, warmup, steps in [(1e-3, 0, 20), (3e-4, 5, 20), (0.1, 1, 7)]
        for cooldown in ([4] if kind == "trapezoid" else [0])
    ]
    parameters = [
        {"path": path, "shape": SHAPES[path], "initial": numbers(value)} for path, value in zip(PATHS, initial())
    ]
    shared = [[numbers(gradient) for gradient in row] for row in gradients()]
    head = {"torch": torch.__version__, "parameters": parameters, "gradients": shared}
    lines = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
    for key, entries in [("cases", cases), ("schedules", schedules)]:
        lines.append(f'"{key}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]")
    Path(__file__).with_name("optim.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
