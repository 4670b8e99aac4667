"""Answers of RealMLP as its authors' program has them (pytabkit 1.7.3), and what they came from, into realmlp.json.

    pip install "pytabkit[models]==1.7.3" && python testdata/reference/realmlp.py

For each case: the columns, training rows as features (numbers as they are, then one place for each category), the fitted centres and
factors, the weights under Distil's names (the neural tangent parametrisation folded: each matrix times 1/sqrt(inputs)), and the answers:
of classes the logits less the first one's, of numbers the standardised values.
"""

import json
import pathlib
import warnings

import numpy as np
import pandas as pd
import torch

warnings.filterwarnings("ignore")
from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor  # noqa: E402

ROWS = 60


def layers(layer, kind):
    """Layers of this class, in order."""
    own = [layer] if type(layer).__name__ == kind else []
    return own + [found for child in layer.children() for found in layers(child, kind)]


def plain(tensor):
    return np.asarray(tensor.detach().double()).squeeze(0)


def case(name, estimator, table, target, categories):
    held = table.iloc[:20], target[:20]
    estimator.fit(table, target, *held)
    # Validation is a copy of the first rows: every row is a training row.
    interface = estimator.alg_interface_
    net = getattr(interface, "sub_split_interfaces", [interface])[0].model
    model = net.model
    model.eval()
    biases, scales = layers(model, "BiasLayer"), layers(model, "ScaleLayer")
    # Numbers are scaled first, then one-hot places, if any; then come the layers themselves.
    first = 2 if categories else 1
    center = np.concatenate([-plain(b.bias).reshape(-1) for b in biases[:first]])
    factor = np.concatenate([plain(s.scale).reshape(-1) for s in scales[:first]])
    waves = layers(model, "PLREmbeddingsLayerCosBias")[0]
    weights = {
        "scaled.center": center,
        "scaled.factor": factor,
        "waves.frequency": plain(waves.weight_1)[:, 0, :],
        "waves.phase": plain(waves.bias_1)[:, 0, :],
        "waves.weight": plain(waves.weight_2),
        "waves.bias": plain(waves.bias_2)[:, 0, :],
        "front.weight": plain(scales[first].scale).reshape(-1),
    }
    for i, table_of in enumerate(layers(model, "SingleEmbeddingLayer")):
        weights[f"embedding.{i}.weight"] = plain(table_of.emb)
    matrices, slopes = layers(model, "WeightLayer"), layers(model, "ParametricActivationLayer")
    for i, (matrix, bias) in enumerate(zip(matrices, biases[first:])):
        path = f"hidden.{i}" if i < len(slopes) else "head"
        weights[f"{path}.weight"] = plain(matrix.weight) * float(matrix.factor)
        weights[f"{path}.bias"] = plain(bias.bias).reshape(-1)
        if i < len(slopes):
            weights[f"{path}.slope"] = plain(slopes[i].weight).reshape(-1)
    classes = hasattr(estimator, "predict_proba")
    if classes:
        logs = np.log(estimator.predict_proba(table).astype(np.float64))
        answers = logs - logs[:, :1]
    else:
        mean, std = np.float64(np.mean(target)), np.float64(np.std(target))
        answers = (estimator.predict(table).astype(np.float64)[:, None] - mean) / std
        weights["range.low"] = np.array([(np.min(target) - mean) / std])
        weights["range.high"] = np.array([(np.max(target) - mean) / std])
    columns, features = [], []
    for column in table:
        values = table[column]
        if column in categories:
            levels = sorted(values.cat.categories)
            columns.append({"category": {"levels": len(levels), "missing": False}})
            features += [(values == level).astype(float) for level in levels]
        else:
            columns.append({"number": {"missing": False}})
            features.append(values)
    features = np.stack([np.asarray(f, dtype=np.float32) for f in features], axis=1)
    rounded = {path: np.asarray(w, dtype=np.float32) for path, w in weights.items()}
    return {
        "name": name,
        "model": {
            "kind": "realmlp",
            "hidden": [16, 12],
            "activation": "selu" if classes else "mish",
            "clamp": not classes,
        },
        "columns": columns,
        "outputs": answers.shape[1],
        "rows": features.tolist(),
        "weights": {path: {"shape": list(w.shape), "values": w.reshape(-1).tolist()} for path, w in rounded.items()},
        "answers": answers.tolist(),
    }


def table(rng):
    """Two numbers of very different shape, one of few values, and columns of two, four and twelve categories."""
    category = lambda names: pd.Categorical(rng.choice(names, ROWS), categories=names)
    return pd.DataFrame(
        {
            "even": rng.normal(size=ROWS).astype(np.float32) * 3 + 1,
            "skewed": rng.exponential(size=ROWS).astype(np.float32),
            "two": category(["x", "y"]),
            "few": rng.integers(0, 3, ROWS).astype(np.float32),
            "four": category(list("pqrs")),
            "many": category([f"m{i:02d}" for i in range(12)]),
            "rare": (rng.random(ROWS) < 0.1).astype(np.float32),
        }
    )


def main():
    rng = np.random.default_rng(0)
    shared = dict(n_epochs=4, hidden_sizes=[16, 12], random_state=0, device="cpu", batch_size=16)
    data = table(rng)
    classes = (data.even > 1).to_numpy().astype(int) + (data.skewed > 1).to_numpy()
    numbers = (data.even + data.skewed * data.few).to_numpy() + rng.normal(size=ROWS)
    categories = {"two", "four", "many"}
    cases = [
        case("classes", RealMLP_TD_Classifier(**shared), data, classes, categories),
        case("numbers", RealMLP_TD_Regressor(**shared), data, numbers.astype(np.float32), categories),
        case("numbers alone", RealMLP_TD_Classifier(**shared), data[["even", "skewed"]], classes, set()),
    ]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"pytabkit": "1.7.3", "torch": torch.__version__, "cases": cases}) + "\n")
    print(path, path.stat().st_size, "bytes")


main()
