"""Golden values of L-BFGS: the network and rows of around.py, all rows in every batch. See make.py, whose way of writing this is.

    VENV/bin/python tests/golden/lbfgs.py

A step is one call of `step`, of several directions and evaluations each. Losses and weights are those of float64; the script
prints how often each step measures, and how far the losses of float32 are from them.
"""

import torch
import torch.nn.functional as F
from around import X, Y, model
from make import FOLDER, VALUE, flat, render



def run(settings, weight_decay, steps, dtype):
    """The losses before every step, and the weights after the last."""
    net = model(dtype)
    rule = torch.optim.LBFGS(net.parameters(), **settings)
    losses, counts = [], []

    def loss():
        return F.cross_entropy(net(X.to(dtype)), Y)

    def closure():
        rule.zero_grad()
        whole = loss() + 0.5 * weight_decay * sum((p * p).sum() for p in net.parameters())
        whole.backward()
        return whole

    for _ in range(steps):
        losses.append(loss().item())
        before = rule.state_dict()["state"].get(0, {}).get("func_evals", 0)
        rule.step(closure)
        counts.append(rule.state_dict()["state"][0]["func_evals"] - before)
    return {"losses": losses, "end": [flat(p) for p in net.parameters()]}, counts


def main():
    """Writes lbfgs.json."""
    wolfe = {"line_search_fn": "strong_wolfe"}
    # a search decides by comparisons, near which the paths of float32 and float64 part: so far they are the same
    cases = [
        ({"lr": 0.1, "max_iter": 1}, 0.0, 20),
        ({"lr": 0.3, "max_iter": 2, "history_size": 3}, 0.01, 20),
        ({"max_iter": 2, **wolfe}, 0.02, 20),
        ({"lr": 0.05, "max_iter": 2, "history_size": 4, **wolfe}, 0.05, 6),
        ({"lr": 20.0, "max_iter": 2, "max_eval": 9, **wolfe}, 0.1, 14),
        ({"lr": 0.5, "max_iter": 4, "history_size": 5, **wolfe}, 0.01, 4),
        ({**wolfe}, 0.2, 3),
        ({}, 0.2, 3),
    ]
    runs = []
    for settings, weight_decay, steps in cases:
        found, counts = run(settings, weight_decay, steps, torch.float64)
        rough, _ = run(settings, weight_decay, steps, torch.float32)
        print(settings, weight_decay, counts, *(f"{abs(a / b - 1):.0e}" for a, b in zip(rough["losses"], found["losses"])))
        runs.append({"settings": settings | {"weight_decay": weight_decay}, "float64": found})
    content = {
        "torch": torch.__version__,
        "about": "steps of L-BFGS on 24 rows, Linear(6, 5), tanh, Linear(5, 3), cross-entropy; losses before each step, "
        "without the decay, and the weights at the end",
        "formula": VALUE,
        "x": flat(X),
        "classes": Y.tolist(),
        "initial": [flat(p) for p in model(torch.float32).parameters()],
        "runs": runs,
    }
    (FOLDER / "lbfgs.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
