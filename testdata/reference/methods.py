"""Distillation and task losses in PyTorch, from the papers' formulas: writes methods.json beside this file.

Run `python testdata/reference/methods.py` with the PyTorch named in the JSON's `torch`; the same version writes the
same bytes (seed 0). All is computed in f64 from inputs that are exact in f32, with probabilities spelt out rather
than in the numerically careful forms of the Rust code, so that the two share nothing but the formula.

Notation: z logits, p softmax(z / T), q sigmoid(z / T), y label, K classes, B rows; s student, t teacher.

Format of methods.json
  torch    version
  inputs   name -> {student, teacher, labels | targets}: [B][K]; `teachers` where there are several; for fitnet
           {student_taps, teacher_taps: tap -> [B][width], adapters: [{weight [in][out], bias}]}
  methods  [{method, parameters, at, input, rows, term_share, label_share, value, gradient}]
             rows      [B] the method's own losses
             value     term_share * mean(rows) + label_share * mean(label losses)
             gradient  of `value` with respect to the student's logits [B][K]; for fitnet
                       {taps: tap -> [B][width], adapters: [{weight, bias}]}
             at        [step, steps]: where training is
  tasks    [{task, parameters, input, rows, gradient}]: label losses [B], gradient of their mean
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

BATCH = {1: 4, 3: 7, 10: 4}  # never the number of classes


def draw(*shape, scale=1.0):
    """Normal numbers, exact in f32, held in f64."""
    return (torch.randn(*shape, dtype=torch.float64) * scale).float().double()


def numbers(tensor):
    """Nine significant digits: every f32 reads back exactly."""
    if tensor.dtype == torch.int64:
        return tensor.tolist()
    shorten = lambda x: [shorten(v) for v in x] if isinstance(x, list) else float(f"{x:.9g}")
    return shorten(tensor.tolist())


def softened(z, temperature):
    e = torch.exp(z / temperature)
    return e / e.sum(1, keepdim=True)


def kl(p, q):
    """sum_k p log(p / q) per row."""
    return (p * torch.log(p / q)).sum(1)


# The methods: one loss per row.


def kd(s, t, y, temperature):
    """Hinton, Vinyals & Dean 2015: T^2 KL(p_t || p_s)."""
    return temperature**2 * kl(softened(t, temperature), softened(s, temperature))


def soft_ce(s, t, y, temperature):
    """Same paper, the form with gradients only: -T^2 sum_k p_t log p_s."""
    return -(temperature**2) * (softened(t, temperature) * torch.log(softened(s, temperature))).sum(1)


def logits(s, t, y, centred):
    """Ba & Caruana 2014: half the squared distance of the logits."""
    if centred:
        s, t = s - s.mean(1, keepdim=True), t - t.mean(1, keepdim=True)
    return 0.5 * ((s - t) ** 2).sum(1)


def dkd(s, t, y, temperature, alpha, beta, warmup=0.0, step=0, steps=1):
    """Zhao et al. 2022, eq. 7: alpha T^2 KL(b_t || b_s) + beta T^2 KL(p^_t || p^_s)."""
    own = F.one_hot(y, s.shape[1]).bool()

    def parts(z):
        p = softened(z, temperature)
        target = p[own]
        others = p[~own].reshape(len(y), -1)
        rest = others.sum(1)
        return torch.stack([target, rest], 1), others / rest[:, None]

    (b_s, hat_s), (b_t, hat_t) = parts(s), parts(t)
    rise = 1.0 if warmup == 0 else min(1.0, (step + 1) / (warmup * steps))
    return rise * temperature**2 * (alpha * kl(b_t, b_s) + beta * kl(hat_t, hat_s))


def smooth(s, t, y, temperature, confidence):
    """Yuan et al. 2020, eq. 9-10: a virtual teacher that gives the label `confidence`, the rest evenly."""
    classes = s.shape[1]
    virtual = torch.full_like(s, (1 - confidence) / (classes - 1))
    virtual[torch.arange(len(y)), y] = confidence
    soft = virtual ** (1 / temperature)
    soft = soft / soft.sum(1, keepdim=True)
    return temperature**2 * kl(soft, softened(s, temperature))


def bce(s, t, y, temperature):
    """Multi-label: T^2 times the mean over labels of -q_t log q_s - (1 - q_t) log(1 - q_s)."""
    q_s, q_t = 1 / (1 + torch.exp(-s / temperature)), 1 / (1 + torch.exp(-t / temperature))
    return temperature**2 * (-q_t * torch.log(q_s) - (1 - q_t) * torch.log(1 - q_s)).mean(1)


def mse(s, t, y):
    return ((s - t) ** 2).mean(1)


def bounded(s, t, y, margin):
    """Chen et al. 2017, eq. 4: the student's own error, where it exceeds the teacher's less a margin."""
    student, teacher = ((s - y) ** 2).mean(1), ((t - y) ** 2).mean(1)
    return torch.where(student + margin > teacher, student, torch.zeros_like(student))


METHODS = {
    "kd": kd,
    "soft-ce": soft_ce,
    "logits": logits,
    "dkd": dkd,
    "smooth": smooth,
    "bce": bce,
    "mse": mse,
    "bounded": bounded,
}


def label_loss(task, s, y):
    if task == "classification":
        return F.cross_entropy(s, y, reduction="none")
    if task == "multi-label":
        return F.binary_cross_entropy_with_logits(s, y, reduction="none").mean(1)
    return F.mse_loss(s, y, reduction="none").mean(1)


# Inputs.


def class_input(classes, right):
    rows = BATCH[classes]
    student, teacher = draw(rows, classes, scale=3), draw(rows, classes, scale=2)
    labels = torch.arange(rows) * 2 % classes
    best = labels if right else (labels + 1) % classes
    teacher[torch.arange(rows), best] = teacher.max(1).values + 1
    return {"task": "classification", "student": student, "teacher": teacher.float().double(), "labels": labels}


def label_input(labels, right):
    rows = BATCH[labels]
    targets = (draw(rows, labels) > 0).double()
    sign = (2 * targets - 1) * (1 if right else -1)
    return {
        "task": "multi-label",
        "student": draw(rows, labels, scale=3),
        "teacher": (sign * draw(rows, labels, scale=3).abs()),
        "targets": targets,
    }


def value_input(count, right):
    rows = BATCH[count]
    targets = draw(rows, count)
    return {
        "task": "regression",
        "student": (targets + draw(rows, count)).float().double(),
        "teacher": (targets + draw(rows, count, scale=0.3 if right else 3)).float().double(),
        "targets": targets,
    }


def case(inputs, name, method, parameters, mix=None, add=None, at=(0, 1), teacher=None):
    data = inputs[name]
    y = data["labels"] if "labels" in data else data["targets"]
    s = data["student"].clone().requires_grad_()
    t = data["teacher"] if teacher is None else teacher
    extra = {"step": at[0], "steps": at[1]} if method == "dkd" else {}
    rows = METHODS[method](s, t, y, **parameters, **extra)
    term_share, label_share = (mix, 1 - mix) if mix is not None else (add, 1.0)
    value = term_share * rows.mean() + label_share * label_loss(data["task"], s, y).mean()
    value.backward()
    return {
        "method": method,
        "parameters": parameters,
        "at": list(at),
        "input": name,
        "rows": numbers(rows),
        "term_share": term_share,
        "label_share": label_share,
        "value": numbers(value.detach()),
        "gradient": numbers(s.grad),
    }


def method_cases(inputs):
    cases = []
    for classes in [3, 10]:
        for side in ["right", "wrong"]:
            for mix in [0.3, 1.0]:
                name = f"classes {classes} {side}"
                for temperature in [1.0, 4.0, 20.0]:
                    soft = {"temperature": temperature}
                    cases.append(case(inputs, name, "kd", soft, mix))
                    cases.append(case(inputs, name, "soft-ce", soft, mix))
                    cases.append(case(inputs, name, "dkd", {**soft, "alpha": 1.0, "beta": 2.0}, mix))
                    cases.append(case(inputs, f"labels {classes} {side}", "bce", soft, mix))
                    if side == "right":
                        cases.append(case(inputs, name, "smooth", {**soft, "confidence": 0.9}, mix))
                for centred in [False, True]:
                    cases.append(case(inputs, name, "logits", {"centred": centred}, mix))
    name = "classes 10 wrong"
    cases.append(case(inputs, name, "dkd", {"temperature": 4.0, "alpha": 0.5, "beta": 8.0}, add=1.0))
    for step in [0, 3, 9, 99]:
        parameters = {"temperature": 4.0, "alpha": 1.0, "beta": 8.0, "warmup": 0.1}
        cases.append(case(inputs, name, "dkd", parameters, add=1.0, at=(step, 100)))
    for count in [1, 3]:
        for side in ["right", "wrong"]:
            name = f"values {count} {side}"
            for mix in [0.3, 1.0]:
                cases.append(case(inputs, name, "mse", {}, mix))
            for margin in [0.0, 0.5]:
                cases.append(case(inputs, name, "bounded", {"margin": margin}, add=0.5))
    return cases


def ensemble_cases(inputs):
    """Several teachers: the method on the mean of their softened probabilities (values: on their mean)."""
    cases = []
    for temperature in [1.0, 4.0]:
        teachers = inputs["several classes"]["teachers"]
        mean = torch.stack([softened(t, temperature) for t in teachers]).mean(0)
        pseudo = temperature * torch.log(mean)
        for method in ["kd", "soft-ce"]:
            cases.append(case(inputs, "several classes", method, {"temperature": temperature}, 0.5, teacher=pseudo))
        parameters = {"temperature": temperature, "alpha": 1.0, "beta": 2.0}
        cases.append(case(inputs, "several classes", "dkd", parameters, 0.5, teacher=pseudo))
        teachers = inputs["several labels"]["teachers"]
        mean = torch.stack([torch.sigmoid(t / temperature) for t in teachers]).mean(0)
        pseudo = temperature * torch.log(mean / (1 - mean))
        cases.append(case(inputs, "several labels", "bce", {"temperature": temperature}, 0.5, teacher=pseudo))
    mean = torch.stack(inputs["several classes"]["teachers"]).mean(0)
    cases.append(case(inputs, "several classes", "logits", {"centred": False}, 0.5, teacher=mean))
    mean = torch.stack(inputs["several values"]["teachers"]).mean(0)
    cases.append(case(inputs, "several values", "mse", {}, 0.5, teacher=mean))
    return cases


def fitnet_case(inputs):
    """Romero et al. 2015, eq. 3, mean over the teacher's units, summed over the pairs of layers."""
    data = inputs["features"]
    taps = {tap: value.clone().requires_grad_() for tap, value in data["student_taps"].items()}
    adapters = [{k: v.clone().requires_grad_() for k, v in a.items()} for a in data["adapters"]]
    layers = {"hidden.0": "hidden.1", "hidden.1": "hidden.0"}
    rows = 0
    for adapter, (own, other) in zip(adapters, layers.items()):
        guess = taps[own] @ adapter["weight"] + adapter["bias"]
        rows = rows + ((guess - data["teacher_taps"][other]) ** 2).mean(1)
    value = 100.0 * rows.mean()
    value.backward()
    return {
        "method": "fitnet",
        "parameters": {"layers": layers},
        "at": [0, 1],
        "input": "features",
        "rows": numbers(rows),
        "term_share": 100.0,
        "label_share": 0.0,
        "value": numbers(value.detach()),
        "gradient": {
            "taps": {tap: numbers(value.grad) for tap, value in taps.items()},
            "adapters": [{k: numbers(v.grad) for k, v in a.items()} for a in adapters],
        },
    }


def task_case(inputs, name, task, parameters, loss):
    data = inputs[name]
    y = data["labels"] if "labels" in data else data["targets"]
    s = data["student"].clone().requires_grad_()
    rows = loss(s, y)
    rows = rows if rows.dim() == 1 else rows.mean(1)
    rows.mean().backward()
    return {"task": task, "parameters": parameters, "input": name, "rows": numbers(rows), "gradient": numbers(s.grad)}


def task_cases(inputs):
    cases = []
    for classes in [3, 10]:
        weights = [0.5 + 0.25 * k for k in range(classes)]
        for smoothing in [0.0, 0.1]:
            for weight in [None, weights]:
                tensor = None if weight is None else torch.tensor(weight, dtype=torch.float64)
                cases.append(
                    task_case(
                        inputs,
                        f"classes {classes} right",
                        "classification",
                        {"smoothing": smoothing, "class_weights": "none" if weight is None else weight},
                        lambda s, y: F.cross_entropy(s, y, weight=tensor, label_smoothing=smoothing, reduction="none"),
                    )
                )
        cases.append(
            task_case(
                inputs,
                f"labels {classes} right",
                "multi-label",
                {},
                lambda s, y: F.binary_cross_entropy_with_logits(s, y, reduction="none"),
            )
        )
    for count in [1, 3]:
        name = f"values {count} right"
        cases.append(task_case(inputs, name, "regression", {"loss": "mse"}, lambda s, y: F.mse_loss(s, y, reduction="none")))
        cases.append(task_case(inputs, name, "regression", {"loss": "mae"}, lambda s, y: F.l1_loss(s, y, reduction="none")))
        for delta in [0.5, 1.0, 2.0]:
            cases.append(
                task_case(
                    inputs,
                    name,
                    "regression",
                    {"loss": "huber", "delta": delta},
                    lambda s, y: F.huber_loss(s, y, delta=delta, reduction="none"),
                )
            )
    return cases


def main():
    torch.manual_seed(0)
    inputs = {}
    for side in ["right", "wrong"]:
        for count in [3, 10]:
            inputs[f"classes {count} {side}"] = class_input(count, side == "right")
            inputs[f"labels {count} {side}"] = label_input(count, side == "right")
        for count in [1, 3]:
            inputs[f"values {count} {side}"] = value_input(count, side == "right")
    for kind, make in [("classes", class_input), ("labels", label_input), ("values", value_input)]:
        three = [make(3, side) for side in [True, False, True]]
        inputs[f"several {kind}"] = {**three[0], "teachers": [data["teacher"] for data in three]}
    inputs["features"] = {
        "student_taps": {"hidden.0": draw(5, 4).relu(), "hidden.1": draw(5, 3).relu()},
        "teacher_taps": {"hidden.0": draw(5, 4).relu(), "hidden.1": draw(5, 6).relu()},
        "adapters": [
            {"weight": draw(4, 6, scale=0.5), "bias": draw(6, scale=0.1)},
            {"weight": draw(3, 4, scale=0.5), "bias": draw(4, scale=0.1)},
        ],
    }
    sections = {
        "methods": method_cases(inputs) + ensemble_cases(inputs) + [fitnet_case(inputs)],
        "tasks": task_cases(inputs),
    }
    plain = lambda x: numbers(x) if isinstance(x, torch.Tensor) else x
    text = lambda x: json.dumps(x, default=plain)
    lines = [f'"torch": {text(torch.__version__)}']
    lines.append('"inputs": {\n' + ",\n".join(f"{text(k)}: {text(v)}" for k, v in inputs.items()) + "\n}")
    for key, entries in sections.items():
        lines.append(f'"{key}": [\n' + ",\n".join(text(entry) for entry in entries) + "\n]")
    Path(__file__).with_name("methods.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
