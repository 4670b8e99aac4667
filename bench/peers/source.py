"""The source's two training loops in PyTorch, whole process, for bench/source.

    python bench/peers/source.py written            as the source's script: Dataset, DataLoader, Adam with defaults
    python bench/peers/source.py tuned --threads 1  the same training, batches cut by hand, Adam(fused=True)

Needs torch and numpy (measured with torch 2.15.0, numpy 2.4.6). The samples are drawn as by Distil's source `gaussian`
with its defaults (class clusters, half of their means' energy visible in the pooled view), from NumPy's generator: the
same distribution, other numbers.
"""

import argparse
import json
import time

start = time.perf_counter()

import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset

SAMPLES, CLASSES, MODES, EPOCHS, BATCH = 10_000, 10, 3, 10, 32
GRID, POOL, SEPARATION = (20, 50), (2, 5), 0.205


class SmallModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(100, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


class LargeModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(1000, 500)
        self.fc2 = nn.Linear(500, 100)
        self.fc3 = nn.Linear(100, 10)

    def forward(self, x):
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


class CustomDataset(Dataset):
    def __init__(self, data, labels):
        self.data = data
        self.labels = labels

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.data[index], self.labels[index]


def gaussian(seed=0):
    """Samples [SAMPLES, 1000], their mean-pooled view [SAMPLES, 100] and classes."""
    rng = np.random.default_rng(seed)
    (height, width), (tall, wide) = GRID, POOL
    clusters = CLASSES * MODES
    blocks = rng.standard_normal((clusters, height // tall, width // wide), np.float32)
    coarse = blocks.repeat(tall, 1).repeat(wide, 2)
    white = rng.standard_normal((clusters, height, width), np.float32)
    means = SEPARATION * (0.5**0.5 * coarse + 0.5**0.5 * white)
    labels = np.arange(SAMPLES) % CLASSES
    cluster = labels * MODES + rng.integers(0, MODES, SAMPLES)
    data = means[cluster] + rng.standard_normal((SAMPLES, height, width), np.float32)
    pooled = data.reshape(SAMPLES, height // tall, tall, width // wide, wide).mean((2, 4))
    as_tensor = lambda x: torch.from_numpy(np.ascontiguousarray(x.reshape(SAMPLES, -1), np.float32))
    return as_tensor(data), as_tensor(pooled), torch.from_numpy(labels)


def train_as_written(model, data, labels):
    loader = DataLoader(CustomDataset(data, labels), batch_size=BATCH, shuffle=True)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters())
    for _ in range(EPOCHS):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
    return loss.item()


def train_tuned(model, data, labels):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), fused=True)
    for _ in range(EPOCHS):
        order = torch.randperm(len(data))
        for inputs, targets in zip(data[order].split(BATCH), labels[order].split(BATCH)):
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
    return loss.item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=["written", "tuned"])
    parser.add_argument("--threads", type=int, help="PyTorch's own choice if not given")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    train = train_as_written if arguments.variant == "written" else train_tuned

    seconds = {"import": time.perf_counter() - start}

    def timed(name, work):
        begin = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - begin
        return result

    data, pooled, labels = timed("data", gaussian)
    small, large = SmallModel(), LargeModel()
    losses = {
        "small": timed("small", lambda: train(small, pooled, labels)),
        "large": timed("large", lambda: train(large, data, labels)),
    }
    with torch.no_grad():
        right = {
            "small": (small(pooled).argmax(1) == labels).float().mean().item(),
            "large": (large(data).argmax(1) == labels).float().mean().item(),
        }
    seconds = {name: round(value, 3) for name, value in seconds.items()}
    print(json.dumps({"threads": torch.get_num_threads(), "seconds": seconds, "last_loss": losses, "train_accuracy": right}))


if __name__ == "__main__":
    main()
