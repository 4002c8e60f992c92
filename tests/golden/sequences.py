"""Golden values of losses over sequences: a target at each step, rows of different lengths. See make.py, whose inputs and
way of writing these are.

    VENV/bin/python tests/golden/sequences.py
"""

import torch
import torch.nn.functional as F

from make import FOLDER, VALUE, flat, render, single, value

ROWS, STEPS, CLASSES = 4, 3, 3
LENGTHS = [3, 1, 2, 3]
WEIGHTS = [0.5, 2.0, 1.25]
Z = single([2.0 * value(7 + n * n + 3 * n) for n in range(ROWS * STEPS * CLASSES)])


def case(loss, settings, lengths, reduction):
    """The loss of one batch and its gradient; what is ignored is told to PyTorch as it wants to be told."""
    counted = torch.arange(STEPS)[None, :] < torch.tensor(lengths)[:, None]
    if loss == "cross_entropy":
        targets = torch.tensor([(n * 7 + n // 3) % CLASSES for n in range(ROWS * STEPS)])
    else:
        targets = single([value(5 * n + 2) for n in range(ROWS * STEPS * CLASSES)])
    x = Z.double().reshape(ROWS * STEPS, CLASSES).requires_grad_()
    if loss == "cross_entropy":
        of = torch.where(counted.flatten(), targets, -100)
        weight = torch.tensor(settings["weight"], dtype=torch.float64) if "weight" in settings else None
        smoothing = settings.get("label_smoothing", 0.0)
        total = F.cross_entropy(x, of, weight=weight, label_smoothing=smoothing, reduction=reduction)
    else:
        kept = counted.flatten()
        total = F.mse_loss(x[kept], targets.double().reshape(ROWS * STEPS, CLASSES)[kept], reduction=reduction)
    total.backward()
    answer = {"loss": loss, "settings": {**settings, "reduction": reduction}, "lengths": lengths}
    return {**answer, "targets": flat(targets), "float64": {"loss": total.item(), "gradient": flat(x.grad)}}


def main():
    """Writes sequences.json."""
    losses = [
        ("cross_entropy", {}),
        ("cross_entropy", {"weight": WEIGHTS}),
        ("cross_entropy", {"label_smoothing": 0.2}),
        ("mse", {}),
    ]
    cases = [case(*loss, lengths, r) for loss in losses for lengths in (LENGTHS, [STEPS] * ROWS) for r in ("mean", "sum")]
    content = {
        "torch": torch.__version__,
        "about": "rows of steps with outputs z (rows, steps, width) and a class or numbers at each step; steps behind a "
        "row's length are ignored, in cross_entropy by ignore_index",
        "formula": VALUE,
        "rows": ROWS,
        "steps": STEPS,
        "width": CLASSES,
        "z": flat(Z),
        "cases": cases,
    }
    (FOLDER / "sequences.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
