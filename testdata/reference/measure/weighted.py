"""Reference values for measures of weighted rows, and of balanced accuracy and average precision, from scikit-learn.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    /tmp/venv/bin/python testdata/reference/measure/weighted.py

writes weighted.json beside this file. Seed 20261127. Inputs are rounded to float32 before anything is computed.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import optimize, special
from sklearn import metrics

rng = np.random.default_rng(20261127)


def f32(a):
    return np.asarray(a, dtype=np.float32)


def listed(a):
    return [float(x) for x in np.asarray(a).reshape(-1)]


def ece(probabilities, labels, weights, bins=15):
    """Guo et al. 2017, equation 3, with the rows' weights in place of counts."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0.0, 1.0, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        total += abs((weights[inside] * (right[inside] - confidence[inside])).sum())
    return total / weights.sum()


def calibrated(loss):
    """The least mean loss with all logits times one factor from 0 to 100 (temperature scaling)."""
    return optimize.minimize_scalar(loss, bounds=(0.0, 100.0), method="bounded", options={"xatol": 1e-9}).fun


def weigh(rows):
    return f32(rng.gamma(1.0, 2.0, rows) + 0.05)


def classification(rows, classes, scale, share=None, weighted=True):
    labels = rng.choice(classes, rows, p=share)
    logits = f32(rng.normal(size=(rows, classes)) * scale + scale * np.eye(classes)[labels])
    wide = logits.astype(np.float64)
    probabilities = special.softmax(wide, axis=1)
    predicted = wide.argmax(axis=1)
    w = weigh(rows) if weighted else np.ones(rows)
    w64 = w.astype(np.float64)
    occurring = np.unique(labels)
    expected = {
        "accuracy": metrics.accuracy_score(labels, predicted, sample_weight=w64),
        "balanced_accuracy": metrics.recall_score(labels, predicted, sample_weight=w64, labels=occurring, average="macro"),
        "macro_f1": metrics.f1_score(labels, predicted, average="macro", sample_weight=w64),
        "average_precision": np.mean(
            [metrics.average_precision_score(labels == c, probabilities[:, c], sample_weight=w64) for c in occurring]
        ),
        "nll": np.average(-special.log_softmax(wide, axis=1)[np.arange(rows), labels], weights=w64),
        "calibrated_nll": calibrated(lambda cold: np.average(-special.log_softmax(cold * wide, axis=1)[np.arange(rows), labels], weights=w64)),
        "ece": ece(probabilities, labels, w64),
    }
    if classes > 5:
        expected["top5"] = metrics.top_k_accuracy_score(labels, wide, k=5, labels=np.arange(classes), sample_weight=w64)
    return {"classes": classes, "logits": listed(logits), "labels": [int(x) for x in labels], "weights": listed(w), "expected": expected}


def multi_label(rows, width):
    targets = (rng.random((rows, width)) < 0.3).astype(np.float32)
    logits = f32(rng.normal(size=(rows, width)) * 2 + 2 * (2 * targets - 1))
    wide = logits.astype(np.float64)
    predicted = special.expit(wide) >= 0.5
    w = weigh(rows)
    w64 = w.astype(np.float64)
    losses = np.logaddexp(0.0, wide) - wide * targets
    expected = {
        "micro_f1": metrics.f1_score(targets, predicted, average="micro", sample_weight=w64),
        "macro_f1": metrics.f1_score(targets, predicted, average="macro", zero_division=0, sample_weight=w64),
        "average_precision": metrics.average_precision_score(targets, wide, average="macro", sample_weight=w64),
        "subset_accuracy": metrics.accuracy_score(targets, predicted, sample_weight=w64),
        "nll": np.average(losses.mean(axis=1), weights=w64),
        "calibrated_nll": calibrated(lambda cold: np.average((np.logaddexp(0.0, cold * wide) - cold * wide * targets).mean(axis=1), weights=w64)),
    }
    return {"labels": width, "logits": listed(logits), "targets": listed(targets), "weights": listed(w), "expected": expected}


def regression(rows, targets, offset):
    truth = f32(rng.normal(size=(rows, targets)) * 100 + offset)
    values = f32(truth + rng.normal(size=(rows, targets)) * np.linspace(20, 60, targets))
    t, v = truth.astype(np.float64), values.astype(np.float64)
    w = weigh(rows)
    w64 = w.astype(np.float64)
    each = metrics.root_mean_squared_error(t, v, multioutput="raw_values", sample_weight=w64)
    spread = np.sqrt(np.average((t - np.average(t, axis=0, weights=w64)) ** 2, axis=0, weights=w64))
    expected = {
        "rmse": metrics.root_mean_squared_error(t, v, sample_weight=w64),
        "mae": metrics.mean_absolute_error(t, v, sample_weight=w64),
        "r2": metrics.r2_score(t, v, sample_weight=w64),
    }
    if targets > 1:
        expected["nrmse"] = (each / spread).mean()
    return {"targets": targets, "values": listed(values), "truth": listed(truth), "weights": listed(w), "expected": expected}


vectors = {
    "made_with": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__, "seed": 20261127},
    "classification": [
        classification(60, 2, 1.0, share=[0.9, 0.1]),
        classification(80, 8, 1.5),
        classification(70, 3, 1.0, weighted=False),
    ],
    "multi_label": [multi_label(50, 5)],
    "regression": [regression(50, 1, 500.0), regression(40, 3, 0.0)],
}
Path(__file__).with_name("weighted.json").write_text(json.dumps(vectors, separators=(",", ":")) + "\n")
