"""One training case in PyTorch at its best CPU settings, for `cargo xtask bench`: one line of JSON.

    python bench/peers/steps.py mlp-tiny --threads 1 --seconds 2

The same work as crates/distil/examples/bench_steps.rs: standard normal inputs in memory, shuffled every epoch, batches
cut by indexing, cross-entropy, Adam(fused=True). The teacher of a distillation step computes its outputs in every step,
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

SAMPLES, CLASSES = 10_240, 10

# inputs, hidden widths, batch, the teacher's hidden widths
CASES = {
    "mlp-tiny": (100, [50], 32, None),
    "mlp-source": (1000, [500, 100], 32, None),
    "mlp-wide": (784, [1024, 1024], 128, None),
    "mlp-kd": (784, [256], 128, [1024, 1024]),
}


def mlp(inputs, hidden):
    layers, widths = [], [inputs, *hidden]
    for fan_in, fan_out in zip(widths, hidden):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], CLASSES))


def kd(student, teacher, temperature=4.0):
    log_q, p = F.log_softmax(student / temperature, 1), F.softmax(teacher / temperature, 1)
    return F.kl_div(log_q, p, reduction="batchmean") * temperature**2


def train(case, steps):
    """Seconds for so many steps of a fresh network."""
    inputs, hidden, batch, teacher = CASES[case]
    torch.manual_seed(1)
    data, labels = torch.randn(SAMPLES, inputs), torch.arange(SAMPLES) % CLASSES
    student = mlp(inputs, hidden)
    teacher = teacher and mlp(inputs, teacher).eval().requires_grad_(False)
    optimizer = torch.optim.Adam(student.parameters(), fused=True)
    done, start = 0, time.perf_counter()
    while done < steps:
        order = torch.randperm(SAMPLES)
        for rows in order.split(batch)[: steps - done]:
            x, y = data[rows], labels[rows]
            optimizer.zero_grad()
            logits = student(x)
            loss = F.cross_entropy(logits, y)
            if teacher:
                with torch.inference_mode():
                    taught = teacher(x)
                loss = 0.5 * loss + 0.5 * kd(logits, taught)
            loss.backward()
            optimizer.step()
            done += 1
    return time.perf_counter() - start


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
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    result = {"case": arguments.case, "threads": arguments.threads}
    if arguments.case == "matrix":
        result["gflops"] = round(matrix(), 1)
    else:
        train(arguments.case, 20)
        steps, taken = 50, train(arguments.case, 50)
        steps = max(1, round(steps * arguments.seconds / taken))
        before = time.process_time()
        taken = train(arguments.case, steps)
        result |= {"steps": steps, "ms": round(1e3 * taken / steps, 6)}
        result["cpu_ms"] = round(1e3 * (time.process_time() - before) / steps, 6)
        result["peak_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    result["torch"] = torch.__version__
    print(json.dumps(result))


if __name__ == "__main__":
    main()
