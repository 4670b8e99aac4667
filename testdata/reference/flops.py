"""FLOPs of fully connected networks as PyTorch counts them: writes flops.json beside this file.

Run `python testdata/reference/flops.py`. `FlopCounterMode` counts matrix products, two FLOPs for each multiply-add;
forward and backward are counted separately. The input needs no gradient, as in training.

Format of flops.json
  torch   version
  nets    [{widths, batch, parameters, forward, backward}]: FLOPs of the whole batch; ReLU between the layers
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
    taught = [teach(student, teacher, 32) for student, teacher in TEACH]
    lines = [f'"torch": {json.dumps(torch.__version__)}']
    for key, entries in [("nets", nets), ("teach", taught)]:
        lines.append(f'"{key}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]")
    Path(__file__).with_name("flops.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
