"""An ensemble's answers and one step of its training, as its authors' package has them (tabm 0.0.3), into members.json.

    pip install torch tabm==0.0.3 && python testdata/reference/members.py

For each case: rows, targets, the weights under Distil's names, each sample's answer (mean of the members' probabilities as logits, of numbers
their mean), the loss of all members, and the weights after one step of gradient descent at a rate of 0.5.
"""

import json
import pathlib

import torch
from tabm import ElementwiseAffine, EnsembleView, LinearEnsemble
from torch import nn
from torch.nn import functional as F

ROWS, INPUTS, MEMBERS, HIDDEN = 12, 4, 3, [7, 6]


class Ensemble(nn.Module):
    """TabM-mini over RealMLP's scaled numbers, without waves; slopes are 1."""

    def __init__(self, outputs):
        super().__init__()
        self.register_buffer("center", torch.randn(INPUTS))
        self.register_buffer("factor", torch.rand(INPUTS) + 0.5)
        self.front = nn.Parameter(1 + 0.1 * torch.randn(INPUTS))
        self.view = EnsembleView(k=MEMBERS)
        self.members = ElementwiseAffine((MEMBERS, INPUTS), bias=False, scaling_init="normal")
        sizes = [INPUTS, *HIDDEN]
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.heads = LinearEnsemble(sizes[-1], outputs, k=MEMBERS)

    def forward(self, x):
        x = (x - self.center) * self.factor
        x = x / torch.sqrt(1 + (x / 3) ** 2)
        x = self.members(self.view(x * self.front))
        for layer in self.hidden:
            x = F.selu(layer(x))
        return self.heads(x)

    def weights(self):
        named = {"scaled.center": self.center, "scaled.factor": self.factor, "front.weight": self.front}
        named["members.weight"] = self.members.weight
        for i, layer in enumerate(self.hidden):
            named |= {f"hidden.{i}.weight": layer.weight.T, f"hidden.{i}.bias": layer.bias, f"hidden.{i}.slope": torch.ones(len(layer.bias))}
        for i in range(MEMBERS):
            named |= {f"heads.{i}.weight": self.heads.weight[i], f"heads.{i}.bias": self.heads.bias[i]}
        return {name: {"shape": list(w.shape), "values": w.detach().reshape(-1).tolist()} for name, w in named.items()}


def blend(task, answers):
    if task == "regression":
        return answers.mean(1)
    if task == "multi-label":
        return torch.logit(answers.sigmoid().mean(1))
    return torch.log(answers.softmax(-1).mean(1))


def case(task, outputs):
    x, net = torch.randn(ROWS, INPUTS), Ensemble(outputs)
    targets = {
        "classification": lambda: torch.arange(ROWS) % outputs,
        "multi-label": lambda: (torch.rand(ROWS, outputs) < 0.5).double(),
        "regression": lambda: torch.randn(ROWS, outputs),
    }[task]()
    loss_of = {
        "classification": F.cross_entropy,
        "multi-label": F.binary_cross_entropy_with_logits,
        "regression": F.mse_loss,
    }[task]
    found = {"task": task, "outputs": outputs, "rows": x.tolist(), "targets": targets.tolist(), "weights": net.weights()}
    answers = net(x)
    found["answers"] = blend(task, answers).tolist()
    loss = loss_of(answers.flatten(0, 1), targets.repeat_interleave(MEMBERS, dim=0))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    loss.backward()
    optimizer.step()
    after = net.weights()
    # Slopes are no parameters here.
    stepped = {name: of for name, of in after.items() if not name.endswith("slope")}
    return {**found, "loss": loss.item(), "after": stepped}


def main():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    cases = [case("classification", 3), case("multi-label", 2), case("regression", 2)]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"members": MEMBERS, "hidden": HIDDEN, "cases": cases}, indent=None) + "\n")


if __name__ == "__main__":
    main()
