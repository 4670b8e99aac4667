"""Reference values for distil-report's measures, from NumPy, SciPy and scikit-learn.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    /tmp/venv/bin/python testdata/reference/measure/make.py

writes vectors.json beside this file. Seed 20261123. Inputs are rounded to float32 before anything is computed.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import optimize, special, stats
from sklearn import metrics

rng = np.random.default_rng(20261123)


def f32(a):
    return np.asarray(a, dtype=np.float32)


def listed(a):
    return [float(x) for x in np.asarray(a).reshape(-1)]


def ece(probabilities, labels, bins=15):
    """Guo et al. 2017, equation 3; bin m is ((m-1)/bins, m/bins]."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0.0, 1.0, bins + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def calibrated(loss):
    """The least mean loss with all logits times one factor from 0 to 100 (temperature scaling)."""
    return optimize.minimize_scalar(loss, bounds=(0.0, 100.0), method="bounded", options={"xatol": 1e-9}).fun


def classification(rows, classes, scale, present=None):
    labels = rng.integers(0, present or classes, rows)
    logits = rng.normal(size=(rows, classes)) * scale
    logits[np.arange(rows), labels] += scale
    if present:
        logits[:, present:] -= 100.0  # the last classes neither occur nor are predicted
    logits = f32(logits)
    wide = logits.astype(np.float64)
    probabilities = special.softmax(wide, axis=1)
    predicted = wide.argmax(axis=1)
    expected = {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "macro_f1": metrics.f1_score(labels, predicted, average="macro"),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
        "average_precision": np.mean([metrics.average_precision_score(labels == c, probabilities[:, c]) for c in np.unique(labels)]),
        "nll": -special.log_softmax(wide, axis=1)[np.arange(rows), labels].mean(),
        "calibrated_nll": calibrated(lambda cold: -special.log_softmax(cold * wide, axis=1)[np.arange(rows), labels].mean()),
        "ece": ece(probabilities, labels),
    }
    if classes > 5:
        expected["top5"] = metrics.top_k_accuracy_score(labels, wide, k=5, labels=np.arange(classes))
    return {
        "classes": classes,
        "logits": listed(logits),
        "labels": [int(x) for x in labels],
        "expected": expected,
        "confusion": [int(x) for x in metrics.confusion_matrix(labels, predicted, labels=np.arange(classes)).reshape(-1)],
    }


def multi_label(rows, width):
    targets = (rng.random((rows, width)) < 0.3).astype(np.float32)
    targets[:, -1] = 0.0  # a label that never occurs
    logits = f32(rng.normal(size=(rows, width)) * 2 + 2 * (2 * targets - 1))
    logits[:, -1] = -5.0  # and is never predicted
    wide = logits.astype(np.float64)
    predicted = special.expit(wide) >= 0.5
    losses = np.logaddexp(0.0, wide) - wide * targets
    return {
        "labels": width,
        "logits": listed(logits),
        "targets": listed(targets),
        "expected": {
            "micro_f1": metrics.f1_score(targets, predicted, average="micro"),
            "macro_f1": metrics.f1_score(targets, predicted, average="macro", zero_division=0),
            "average_precision": np.mean([metrics.average_precision_score(t, z) for t, z in zip(targets.T, wide.T) if t.any()]),
            "subset_accuracy": metrics.accuracy_score(targets, predicted),
            "nll": losses.mean(),
            "calibrated_nll": calibrated(lambda cold: (np.logaddexp(0.0, cold * wide) - cold * wide * targets).mean()),
        },
    }


def regression(rows, targets, offset):
    truth = f32(rng.normal(size=(rows, targets)) * 100 + offset)
    values = f32(truth + rng.normal(size=(rows, targets)) * np.linspace(20, 60, targets))
    t, v = truth.astype(np.float64), values.astype(np.float64)
    each = metrics.root_mean_squared_error(t, v, multioutput="raw_values")
    several = {"nrmse": (each / t.std(axis=0)).mean()} if targets > 1 else {}
    return {
        "targets": targets,
        "values": listed(values),
        "truth": listed(truth),
        "expected": {
            "rmse": metrics.root_mean_squared_error(t, v),
            "mae": metrics.mean_absolute_error(t, v),
            "r2": metrics.r2_score(t, v),
        }
        | several,
    }


def mcnemar(rows, first, second):
    a = rng.random(rows) < first
    b = np.where(rng.random(rows) < 0.8, a, rng.random(rows) < second)
    only_first, only_second = int((a & ~b).sum()), int((~a & b).sum())
    n = only_first + only_second
    p = stats.binomtest(only_first, n, 0.5).pvalue if n else 1.0
    return {"first": [bool(x) for x in a], "second": [bool(x) for x in b], "only_first": only_first, "only_second": only_second, "p": p}


def paired(rows, shift):
    d = rng.normal(size=rows) ** 3 + shift
    test = stats.ttest_1samp(d, 0.0)
    interval = test.confidence_interval(0.95)
    return {"differences": listed(d), "difference": d.mean(), "ci95": [interval.low, interval.high], "p": test.pvalue}


def sign_flip(pairs, shift):
    d = rng.normal(size=pairs) + shift
    test = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided")
    return {"differences": listed(d), "difference": d.mean(), "p": test.pvalue}


vectors = {
    "made_with": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__, "seed": 20261123},
    "classification": [classification(60, 3, 1.0), classification(80, 10, 1.5), classification(40, 8, 1.0, present=5)],
    "multi_label": [multi_label(50, 6)],
    "regression": [regression(50, 1, 500.0), regression(40, 3, 0.0)],
    "mcnemar": [mcnemar(100, 0.9, 0.8), mcnemar(400, 0.97, 0.9), mcnemar(30, 1.0, 1.0), mcnemar(1500, 0.7, 0.3)],
    "paired_errors": [paired(2, 0.5), paired(10, 1.0), paired(300, 0.3), paired(1000, 0.0)],
    "sign_flip": [sign_flip(5, 5.0), sign_flip(6, 5.0), sign_flip(10, 0.5)],
    "student": [{"t": t, "freedom": f, "p": 2 * stats.t.sf(t, f), "half_width": stats.t.ppf(0.975, f)} for t, f in [(0.0, 3), (0.5, 1), (2.0, 4), (2.5, 30), (1.0, 5000), (40.0, 9)]],
}
path = Path(__file__).with_name("vectors.json")
path.write_text(json.dumps(vectors, indent=None, separators=(",", ":")).replace('},{', '},\n{') + "\n")
print(path, path.stat().st_size, "bytes")
