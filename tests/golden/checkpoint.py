"""A checkpoint as PyTorch saves it, and what the network answers with it. See make.py, whose inputs and way of writing these
are. The small file beside the mistakes of the tests comes from here too.

    VENV/bin/pip install torch safetensors
    VENV/bin/python tests/golden/checkpoint.py
"""

import torch
from safetensors.torch import save_file
from torch import nn

from make import FOLDER, VALUE, flat, render, single, value


class Residual(nn.Module):
    """Our `residual`: x + g(x)."""

    def __init__(self, *layers):
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.body(x)


def fill(model):
    """Parameters from the common formula, no two tensors alike."""
    for k, (_, tensor) in enumerate(model.state_dict().items()):
        numbers = [0.5 * value(19 * k + 3 * n + n * n) for n in range(tensor.numel())]
        tensor.copy_(single(numbers).reshape(tensor.shape))


def main():
    """Writes checkpoint.safetensors and checkpoint.json, and the file for the mistakes."""
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), Residual(nn.Linear(7, 7, bias=False), nn.Tanh()), nn.Linear(7, 3))
    fill(model)
    save_file(model.state_dict(), FOLDER / "checkpoint.safetensors", metadata={"format": "pt"})
    x = single([value(3 * n) for n in range(4 * 5)]).reshape(4, 5)
    content = {
        "torch": torch.__version__,
        "about": "x (4, 5) and the outputs (4, 3) of Linear(5, 7), Tanh, x + Tanh(Linear(7, 7) x), Linear(7, 3) with "
        "checkpoint.safetensors",
        "formula": VALUE,
        "x": flat(x),
        "outputs": flat(model.double()(x.double())),
    }
    (FOLDER / "checkpoint.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")
    small = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    fill(small)
    save_file(small.state_dict(), FOLDER.parent / "mistakes" / "small.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    with torch.no_grad():
        main()
