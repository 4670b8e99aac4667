"""Is growth under µP stable? Writes bench/growth.md.

    python3 bench/growth.py PROGRAM [FOLDER for runs]

Digits: a network of 32 and 32 units, four epochs at 1.6e-2 falling to zero, grows to 512 and 512 (new units, the same function) and is
trained on at a constant rate for 1 to 20 steps, and for four epochs in which the rate falls to zero, in either parametrisation; two
seeds, losses on the validation part. Beside it the large network plainly under µP, at 1.6e-2 for four epochs.
"""

import json
import pathlib
import statistics
import subprocess
import sys

RATES = [1.6e-2, 8e-3, 4e-3, 2e-3, 1e-3]
STEPS = [1, 2, 3, 4, 6, 8, 11, 14, 17, 20]
RECIPE = """task = "classification"
data = "digits"
[train]
keep = "last"
[stage.small]
model = { kind = "mlp", hidden = [32, 32] }
train = { epochs = 4, lr = 1.6e-2, schedule = "linear" }
[stage.large]
model = { kind = "mlp", hidden = [512, 512] }
start = "small"
train = { steps = 1, lr = 1e-9 }
[compare]
arms = ARMS
[compare.arm."large-alone"]
stage = { large = { model = { kind = "mlp", hidden = [512, 512] }, train = { epochs = 4, lr = 1.6e-2, schedule = "linear", param = "mup", base = { kind = "mlp", hidden = [32, 32] } } } }
"""


def main(program, folder):
    folder.mkdir(parents=True, exist_ok=True)
    text, arms = RECIPE, ["large-alone"]
    for param in ("standard", "mup"):
        for rate in RATES:
            lengths = [*(f'steps = {steps}, schedule = "constant"' for steps in STEPS), 'epochs = 4, schedule = "linear"']
            for number, length in enumerate(lengths):
                text += f'[compare.arm."{param}-{rate:g}-{number}"]\nstage.large.train = {{ {length}, lr = {rate}, param = "{param}" }}\n'
            arms += [f"{param}-{rate:g}-{number}" for number in range(len(lengths))]
    text = text.replace("ARMS", json.dumps(arms))
    (folder / "growth.toml").write_text(text)
    subprocess.run([program, "run", folder / "growth.toml", "--seeds", "2", "--quiet", "--runs", folder], check=True, stdout=subprocess.DEVNULL)
    record = json.loads(max(folder.glob("growth-*/run.json")).read_text())
    losses = {}
    for trial in record["trials"]:
        losses.setdefault(trial["arm"], []).append(trial["stages"][-1]["validation"]["nll"])
    mean = {arm: statistics.mean(values) for arm, values in losses.items()}
    first = statistics.mean(
        trial["stages"][0]["validation"]["nll"] for trial in record["trials"] if trial["arm"] == "flow"
    )
    lines = [
        "# Is growth under µP stable?",
        "",
        "Written by `bench/growth.py`, which says what was run. Loss on the validation part; a step of almost no rate after growth leaves",
        f"{mean['flow']:.4f} of the small network's {first:.4f}.",
        "",
        "| parametrisation | rate | at once | worst of 20 steps | after four epochs |",
        "|---|---|---:|---:|---:|",
    ]
    for param in ("standard", "mup"):
        for rate in RATES:
            of = [mean[f"{param}-{rate:g}-{number}"] for number in range(len(STEPS) + 1)]
            name = {"standard": "standard", "mup": "µP"}[param]
            lines.append(f"| {name} | {rate:g} | {mean['flow']:.3f} | {max(mean['flow'], *of[:-1]):.3f} | {of[-1]:.3f} |")
    lines += ["", f"The large network alone under µP, four epochs at 0.016: {mean['large-alone']:.3f}."]
    worst = {of: max(mean[f"{of}-0.016-{n}"] for n in range(len(STEPS))) for of in ("standard", "mup")}
    lines += [
        "",
        f"At 0.016, with which the small network was trained and which carries over, the loss rises to {worst['mup']:.2f} under µP and to {worst['standard']:.2f} without, at the worst of ten lengths up to 20 steps.",
        "After four epochs the smaller rates of the standard parametrisation are ahead: what carries over is the rate, not the best result.",
    ]
    (pathlib.Path(__file__).parent / "growth.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "runs/growth"))
