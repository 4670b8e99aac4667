"""ResNet-20 on part of CIFAR-10 in PyTorch, the same work as bench/resnet20.toml, for bench/resnet20.

    python bench/peers/resnet20.py data FOLDER PART     cuts the part that both programs read: three parquet files
    python bench/peers/resnet20.py train PART --seed 1  trains on it; one line of JSON
    python bench/peers/resnet20.py compare RESULTS PAGE what bench/resnet20 collected, as a page and as JSON beside it

The same as Distil: He et al.'s network with a convolution where a block changes the shape, kernels from N(0, 2 / fan-in), the
head from U(+-1/sqrt(64)); pictures scaled by the channels' mean and deviation over the training part, moved by up to 4 pixels
(0 moves in), mirrored half the time; SGD with Nesterov's momentum 0.9 and decay 5e-4 of every parameter, the last batch of an
epoch smaller; 100 steps of warm-up, then half a cosine to zero; the last step's weights are tested. Pictures are
channels-last. What differs: the random numbers, and the JPEG decoder (libjpeg-turbo).

Needs torch, numpy, pyarrow and pillow (measured with torch 2.15.0, numpy 2.4.6, pyarrow 26.0.1, pillow 13.0.0).
"""

import argparse
import io
import json
import math
import pathlib
import statistics
import time

import numpy
import pyarrow.parquet as parquet
import torch
from PIL import Image
from steps import Resnet
from torch import nn
from torch.nn import functional as F

TRAIN, VALIDATION = 20_000, 1_000
EPOCHS, BATCH, LR, WARMUP, SHIFT = 5, 128, 0.1, 100, 4


def cut(folder, part):
    """The first 20,000 training pictures, the next 1,000 for validation (Distil wants some), the whole test part."""
    read = lambda name: parquet.read_table(sorted(folder.rglob(f"{name}-*.parquet")))
    train, test = read("train"), read("test")
    part.mkdir(parents=True, exist_ok=True)
    parquet.write_table(train.slice(0, TRAIN), part / "train-00000-of-00001.parquet")
    parquet.write_table(train.slice(TRAIN, VALIDATION), part / "validation-00000-of-00001.parquet")
    parquet.write_table(test, part / "test-00000-of-00001.parquet")


def read(part, name):
    """Pictures [n, 32, 32, 3] as bytes, and classes."""
    table = parquet.read_table(part / f"{name}-00000-of-00001.parquet")
    pixels = [numpy.asarray(Image.open(io.BytesIO(cell["bytes"])).convert("RGB")) for cell in table["img"].to_pylist()]
    return torch.from_numpy(numpy.stack(pixels)), torch.tensor(table["label"].to_pylist())


def varied(padded):
    """Padded pictures [n, 32 + 2 * 4, 32 + 2 * 4, 3], each cut and mirrored at random."""
    n, side = len(padded), padded.shape[1] - 2 * SHIFT
    top, left = torch.randint(2 * SHIFT + 1, (2, n, 1))
    columns = torch.where(torch.randint(2, (n, 1)) == 1, torch.arange(side).flip(0), torch.arange(side)) + left
    rows = torch.arange(side) + top
    return padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def rate(step, steps):
    """The factor on the learning rate."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (steps - WARMUP)))


def network():
    net = Resnet(20, 1)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
    return net.to(memory_format=torch.channels_last)


def tested(net, pictures, labels):
    """Accuracy and mean cross-entropy."""
    net.eval()
    with torch.inference_mode():
        logits = torch.cat([net(x.permute(0, 3, 1, 2)) for x in pictures.split(256)])
    hits = (logits.argmax(1) == labels).sum().item()
    return {"accuracy": hits / len(labels), "nll": round(F.cross_entropy(logits, labels).item(), 4)}


def train(part, seed):
    torch.manual_seed(seed)
    (x, y), (test_x, test_y) = read(part, "train"), read(part, "test")
    numbers = x.double().flatten(0, 2)
    mean, deviation = numbers.mean(0).float(), numbers.std(0, correction=0).float()
    scaled = lambda pictures: (pictures.float() - mean) / deviation
    padded = F.pad(scaled(x), (0, 0, SHIFT, SHIFT, SHIFT, SHIFT))
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=LR, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)
    steps = EPOCHS * math.ceil(len(x) / BATCH)
    step = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            for group in optimizer.param_groups:
                group["lr"] = LR * rate(step, steps)
            loss = F.cross_entropy(net(varied(padded[rows]).permute(0, 3, 1, 2)), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    times = {"steps": step, "cpu_seconds": round(cpu, 1), "wall_seconds": round(wall, 1)}
    return {"program": "torch", "seed": seed} | tested(net, scaled(test_x), test_y) | times | {"version": torch.__version__}


def of_distil(results, seed):
    """A run of Distil in the terms of `train`."""
    run = json.loads((results / f"distil-{seed}.json").read_text())
    (trial,) = run["trials"]
    (stage,), (events,) = trial["stages"], results.glob(f"distil-{seed}/*/trials/*/events.jsonl")
    events = [json.loads(line) for line in events.read_text().splitlines()]
    times = [e["time"] for e in events if e["event"] == "billed" and e["purpose"] == "train"]
    seconds = {key: round(sum(t[key] for t in times), 1) for key in ("cpu_seconds", "wall_seconds")}
    test = {"accuracy": stage["test"]["accuracy"], "nll": round(stage["test"]["nll"], 4)}
    steps = {"steps": stage["steps"]}
    return {"program": "distil", "seed": trial["seed"]} | test | steps | seconds | {"version": run["host"]["distil"]}


def compare(results, target):
    seeds = sorted(int(path.stem.split("-")[1]) for path in results.glob("torch-*.json"))
    torch_runs = [json.loads((results / f"torch-{seed}.json").read_text()) for seed in seeds]
    runs = {"distil": [of_distil(results, seed) for seed in seeds], "torch": torch_runs}
    for program in runs:
        for run in runs[program]:
            run["load_before"] = float((results / f"{program}-{run['seed']}.load").read_text())
    target.with_suffix(".json").write_text(json.dumps(runs, indent=2) + "\n")
    target.with_suffix(".md").write_text("\n".join(page(runs)) + "\n")


def page(runs):
    """The lines of the page."""
    values = {program: [run["accuracy"] for run in runs[program]] for program in runs}
    mean, deviation = ({p: f(v) for p, v in values.items()} for f in (statistics.mean, statistics.stdev))
    difference, n = mean["distil"] - mean["torch"], len(values["torch"])
    error = math.sqrt((deviation["distil"] ** 2 + deviation["torch"] ** 2) / n)
    spread = max(max(v) - min(v) for v in values.values())
    loads = [run["load_before"] for program in runs for run in runs[program]]
    verdict = "inside" if abs(difference) <= spread else "outside"
    yield "# Plain ResNet-20 beside PyTorch\n"
    yield "Written by `bench/resnet20`. CIFAR-10, the first 20,000 training pictures of the hub's file, 5 epochs of batch 128 down to a"
    yield "learning rate of zero, pictures shifted and mirrored; the same network, initialisation, augmentation, optimiser and schedule in"
    yield "both programs (`bench/resnet20.toml`, `bench/peers/resnet20.py`), other random numbers. Accuracy on the 10,000 test pictures.\n"
    yield "| program | seed | accuracy | cross-entropy | steps | processor s | wall s |"
    yield "|---|---|---|---|---|---|---|"
    for program, name in (("distil", "Distil"), ("torch", "PyTorch")):
        for run in runs[program]:
            rows = f"{100 * run['accuracy']:.2f} % | {run['nll']:.3f} | {run['steps']} | {run['cpu_seconds']:.0f} | {run['wall_seconds']:.0f}"
            yield f"| {name} | {run['seed']} | {rows} |"
    yield ""
    yield "| | mean accuracy | standard deviation | mean cross-entropy | mean processor s |"
    yield "|---|---|---|---|---|"
    for program, name in (("distil", "Distil"), ("torch", "PyTorch")):
        nll, cpu = (statistics.mean(run[key] for run in runs[program]) for key in ("nll", "cpu_seconds"))
        yield f"| {name} | {100 * mean[program]:.2f} % | {100 * deviation[program]:.2f} points | {nll:.3f} | {cpu:.0f} |"
    yield ""
    yield f"The means differ by {100 * difference:+.2f} points (Distil less PyTorch; standard error {100 * error:.2f}), {verdict} the spread of the"
    yield f"seeds of one program, {100 * spread:.2f} points from lowest to highest. {n} seeds each: a difference below about twice the"
    yield "standard error cannot be seen.\n"
    yield f"{host()}; Distil {runs['distil'][0]['version']}, PyTorch {runs['torch'][0]['version']}, one thread each, one after the other; load average"
    yield f"{min(loads):.1f} to {max(loads):.1f} before the runs. Where others used the machine, seconds are rough, processor seconds less so;"
    yield "they are those of the training steps, augmentation included, without start, decoding and evaluation."


def host():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores"


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    data = commands.add_parser("data")
    data.add_argument("folder", type=pathlib.Path)
    data.add_argument("part", type=pathlib.Path)
    run = commands.add_parser("train")
    run.add_argument("part", type=pathlib.Path)
    run.add_argument("--seed", type=int, default=1)
    both = commands.add_parser("compare")
    both.add_argument("results", type=pathlib.Path)
    both.add_argument("page", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.command == "data":
        return cut(arguments.folder, arguments.part)
    if arguments.command == "compare":
        return compare(arguments.results, arguments.page)
    torch.set_num_threads(1)
    print(json.dumps(train(arguments.part, arguments.seed)))


if __name__ == "__main__":
    main()
