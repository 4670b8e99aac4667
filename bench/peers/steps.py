"""One training case in PyTorch at its best CPU settings, for `cargo xtask bench`: one line of JSON.

    python bench/peers/steps.py mlp-tiny --threads 1 --seconds 2

The same work as crates/distil/examples/bench_steps.rs: standard normal inputs in memory, shuffled every epoch, batches
cut by indexing, cross-entropy, Adam(fused=True), pictures channels-last. The teacher of a distillation step computes its outputs in every step,
in inference mode. `matrix` measures the matrix product instead, in GFLOP/s.

Needs torch and numpy (measured with torch 2.15.0, numpy 2.4.6).
"""

import argparse
import json
import resource
import time

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 10
WARM = 3

# a sample's shape (height, width, channels for pictures), samples, batch, the network, the teacher
CASES = {
    "mlp-tiny": ([100], 10_240, 32, lambda: mlp(100, [50]), None),
    "mlp-source": ([1000], 10_240, 32, lambda: mlp(1000, [500, 100]), None),
    "mlp-wide": ([784], 10_240, 128, lambda: mlp(784, [1024, 1024]), None),
    "mlp-kd": ([784], 10_240, 128, lambda: mlp(784, [256]), lambda: mlp(784, [1024, 1024])),
    "cnn": ([28, 28, 1], 2_560, 64, lambda: cnn([1, 32, 64, 128]), None),
    "resnet": ([32, 32, 3], 2_560, 128, lambda: Resnet(20, 1), None),
    "resnet-kd": ([32, 32, 3], 2_560, 128, lambda: Resnet(8, 2), lambda: Resnet(20, 2)),
}


def mlp(inputs, hidden):
    layers, widths = [], [inputs, *hidden]
    for fan_in, fan_out in zip(widths, hidden):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], CLASSES))


def conv(inputs, outputs, kernel=3, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


def cnn(channels):
    layers = []
    for inputs, outputs in zip(channels, channels[1:]):
        layers += [conv(inputs, outputs), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], CLASSES))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first, self.second = conv(inputs, outputs, stride=stride), conv(outputs, outputs)
        self.shortcut = conv(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        y = self.second(F.relu(self.first(x), inplace=True))
        return F.relu(y.add_(self.shortcut(x)), inplace=True)


class Resnet(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        sizes, blocks = [16 * width, 32 * width, 64 * width], (depth - 2) // 6
        self.stem = conv(3, sizes[0])
        stages = [(sizes[max(s - (b == 0), 0)], sizes[s], 1 + (s > 0 and b == 0)) for s in range(3) for b in range(blocks)]
        self.blocks = nn.Sequential(*(Block(*stage) for stage in stages))
        self.head = nn.Linear(sizes[-1], CLASSES)

    def forward(self, x):
        x = self.blocks(F.relu(self.stem(x), inplace=True))
        return self.head(x.mean((2, 3)))


def kd(student, teacher, temperature=4.0):
    log_q, p = F.log_softmax(student / temperature, 1), F.softmax(teacher / temperature, 1)
    return F.kl_div(log_q, p, reduction="batchmean") * temperature**2


def train(case, steps, compiled=False):
    """Seconds and processor seconds of so many steps of a fresh network, after a few that warm up and may compile."""
    shape, samples, batch, student, teacher = CASES[case]
    torch.manual_seed(1)
    data, labels = torch.randn(samples, *shape), torch.arange(samples) % CLASSES
    # Rows of pictures are channels-last: seen as PyTorch sees them, they have its fast memory format.
    batches = lambda rows: data[rows].permute(0, 3, 1, 2) if len(shape) == 3 else data[rows]
    format = torch.channels_last if len(shape) == 3 else torch.contiguous_format
    student = student().to(memory_format=format)
    if teacher is not None:
        teacher = teacher().to(memory_format=format).eval().requires_grad_(False)
    if compiled:
        student = torch.compile(student)
        teacher = teacher if teacher is None else torch.compile(teacher)
    optimizer = torch.optim.Adam(student.parameters(), fused=True)
    done, start = -WARM, 0.0
    while done < steps:
        order = torch.randperm(samples)
        for rows in order.split(batch)[: steps - done]:
            if done == 0:
                start, processor = time.perf_counter(), time.process_time()
            x, y = batches(rows), labels[rows]
            optimizer.zero_grad()
            logits = student(x)
            loss = F.cross_entropy(logits, y)
            if teacher is not None:
                with torch.inference_mode():
                    taught = teacher(x)
                loss = 0.5 * loss + 0.5 * kd(logits, taught)
            loss.backward()
            optimizer.step()
            done += 1
    return time.perf_counter() - start, time.process_time() - processor


def matrix():
    """GFLOP/s of a product of two matrices of 1024 x 1024, the best of 30."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(30):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * 1024**3 / best / 1e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=[*CASES, "matrix"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--compile", action="store_true", help="through torch.compile, which needs a C++ compiler")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    result = {"case": arguments.case, "threads": arguments.threads}
    if arguments.case == "matrix":
        result["gflops"] = round(matrix(), 1)
    else:
        steps = 2
        while (taken := train(arguments.case, steps, arguments.compile)[0]) < 0.1:
            steps *= 2
        steps = max(1, round(steps * arguments.seconds / taken))
        seconds, processor = train(arguments.case, steps, arguments.compile)
        result |= {"steps": steps, "ms": round(1e3 * seconds / steps, 6)}
        result["cpu_ms"] = round(1e3 * processor / steps, 6)
        result["peak_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    result["torch"] = torch.__version__
    print(json.dumps(result))


if __name__ == "__main__":
    main()
