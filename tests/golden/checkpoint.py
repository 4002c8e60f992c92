"""Checkpoints as PyTorch saves them, and what the networks answer with them. See make.py, whose inputs and way of writing these
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


class Lstm(nn.LSTM):
    """The state after the last step of the last level."""

    def forward(self, x):
        return super().forward(x)[0][:, -1]


class Gru(nn.GRU):
    """The last states of both directions."""

    def forward(self, x):
        return torch.cat(tuple(super().forward(x)[1]), dim=1)


def models():
    """By name, with the numbers of a row."""
    dense = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), Residual(nn.Linear(7, 7, bias=False), nn.Tanh()), nn.Linear(7, 3))
    conv2d = nn.Sequential(
        nn.Unflatten(1, (2, 4, 5)), nn.Conv2d(2, 4, (2, 3), groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 3)
    )
    conv1d = nn.Sequential(nn.Unflatten(1, (2, 6)), nn.Conv1d(2, 3, 3), nn.Flatten(), nn.Linear(12, 3))
    lstm = nn.Sequential(nn.Unflatten(1, (4, 3)), Lstm(3, 5, num_layers=2, batch_first=True), nn.Linear(5, 3))
    gru = nn.Sequential(nn.Unflatten(1, (4, 3)), Gru(3, 2, bidirectional=True, batch_first=True), nn.Linear(4, 3))
    return {"dense": (dense, 5), "conv2d": (conv2d, 40), "conv1d": (conv1d, 12), "lstm": (lstm, 12), "gru": (gru, 12)}


def main():
    """Writes a checkpoint of each model, checkpoints.json, and the file for the mistakes."""
    cases = []
    for name, (model, width) in models().items():
        fill(model)
        save_file(model.state_dict(), FOLDER / f"checkpoint_{name}.safetensors", metadata={"format": "pt"})
        x = single([value(3 * n) for n in range(4 * width)]).reshape(4, width)
        cases.append({"name": name, "width": width, "x": flat(x), "outputs": flat(model.double()(x.double()))})
    content = {
        "torch": torch.__version__,
        "about": "x (4, width) and the outputs (4, 3) of small networks with the parameters of checkpoint_NAME.safetensors",
        "formula": VALUE,
        "cases": cases,
    }
    (FOLDER / "checkpoints.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")
    small = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    fill(small)
    save_file(small.state_dict(), FOLDER.parent / "mistakes" / "small.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    with torch.no_grad():
        main()
