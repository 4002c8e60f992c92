"""Golden values of what goes around a step: sharpness-aware minimisation, plain and adaptive, averages of weights, and
constraints on the weights of the first layer. See make.py, whose inputs and way of writing these are.

    VENV/bin/python tests/golden/around.py
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

from make import FOLDER, VALUE, flat, render, single, value

ROWS, FEATURES, HIDDEN, CLASSES, BATCH, STEPS = 24, 6, 5, 3, 8, 30
X = single([value(n) for n in range(ROWS * FEATURES)]).reshape(ROWS, FEATURES)
Y = torch.tensor([(i * 7 + i // 5) % CLASSES for i in range(ROWS)])


def model(dtype):
    """Linear, tanh, Linear, parameters from the common formula."""
    net = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, CLASSES)).to(dtype)
    with torch.no_grad():
        for k, tensor in enumerate(net.parameters()):
            tensor.copy_(single([0.5 * value(19 * k + 3 * n + n * n) for n in range(tensor.numel())]).reshape(tensor.shape))
    return net


def climb(net, sam):
    """From the gradients at w to w + e; gives what e was. The adaptive form as in the authors' code."""
    named = list(net.named_parameters())
    with torch.no_grad():
        size = lambda n, p: p.abs() + sam["eta"] if sam.get("adaptive") and "weight" in n else torch.ones_like(p)  # noqa: E731
        measured = {n: size(n, p) * p.grad for n, p in named}
        norm = torch.stack([g.norm() for g in measured.values()]).norm()
        factor = sam["rho"] / (norm + (1e-16 if sam.get("adaptive") else 1e-12))
        moves = {n: factor * size(n, p) * measured[n] for n, p in named}
        for n, p in named:
            p.add_(moves[n])
    return moves


def obey(net, constraint):
    """Brings the incoming weights of every unit of the first layer to an allowed length."""
    with torch.no_grad():
        weight = net[0].weight
        if constraint["type"] == "max_norm":
            weight.copy_(torch.renorm(weight, 2, 0, constraint["most"]))
        else:
            weight.div_(weight.norm(dim=1, keepdim=True) + 1e-7)


def run(optimizer, make, settings, sam, average, constraint, dtype):
    """The weights that count after the last step, and the losses of the batches before every step."""
    net = model(dtype)
    rule = make(net.parameters(), **settings)
    mean = None
    if average:
        how = get_ema_multi_avg_fn(average["decay"]) if average["type"] == "ema" else get_swa_multi_avg_fn()
        mean = AveragedModel(net, multi_avg_fn=how)
    losses = []
    for step in range(STEPS):
        rows = slice(step % (ROWS // BATCH) * BATCH, (step % (ROWS // BATCH) + 1) * BATCH)
        at = lambda: F.cross_entropy(net(X[rows].to(dtype)), Y[rows])  # noqa: E731
        loss = at()
        losses.append(loss.item())
        rule.zero_grad()
        loss.backward()
        if sam:
            moves = climb(net, sam)
            rule.zero_grad()
            at().backward()
            with torch.no_grad():
                for n, p in net.named_parameters():
                    p.sub_(moves[n])
        rule.step()
        if constraint:
            obey(net, constraint)
        done = step + 1
        if average and done > average["start"] and (done - average["start"]) % average["every"] == 0:
            mean.update_parameters(net)
    return {"losses": losses, "end": [flat(p) for p in (mean.module if mean else net).parameters()]}


def main():
    """Writes around.json."""
    sgd, adam = ("sgd", torch.optim.SGD, {"lr": 0.2, "momentum": 0.9}), ("adam", torch.optim.Adam, {"lr": 0.02})
    plain, adaptive = {"rho": 0.05}, {"rho": 0.5, "adaptive": True, "eta": 0.01}
    ema, swa = {"type": "ema", "decay": 0.9, "start": 4, "every": 1}, {"type": "swa", "start": 10, "every": 3}
    short, one = {"type": "max_norm", "most": 0.9}, {"type": "unit_norm"}
    cases = [(sgd, plain, {}, {}), (adam, plain, {}, {}), (sgd, adaptive, {}, {}), (sgd, {}, ema, {}), (adam, {}, swa, {})]
    cases += [(sgd, plain, swa, {}), (sgd, {}, {}, short), (adam, {}, {}, one), (sgd, plain, {}, one)]
    runs = []
    for (name, make, settings), sam, average, constraint in cases:
        found = run(name, make, settings, sam, average, constraint, torch.float64)
        around = {"sam": sam, "average": average, "constraint": constraint}
        runs.append({"optimizer": name, "settings": settings, **around, "float64": found})
    content = {
        "torch": torch.__version__,
        "about": "30 steps of 8 of 24 rows as they are stored, Linear(6, 5), tanh, Linear(5, 3), cross-entropy; losses before "
        "each step, and the weights at the end, of an average the averaged ones",
        "formula": VALUE,
        "x": flat(X),
        "classes": Y.tolist(),
        "initial": [flat(p) for p in model(torch.float32).parameters()],
        "runs": runs,
    }
    (FOLDER / "around.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
