"""Golden values of the layers over images and signals, and of normalisation: what `torch.nn` answers.

Made and read like those of `make.py`, whose formulas it uses; run it the same way. Every case is a small network: its
layers as a file of this project says them, the initial values of its tensors in PyTorch's layout, outputs and gradients
before the first of 50 steps, the loss before each, and outputs in evaluation mode after the last.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from make import FOLDER, VALUE, flat, render, single, value

ROWS = 10
CLASSES = 3
STEPS = 50
LR = 0.01
MOMENTUM = 0.9


class Transpose(nn.Module):
    """torch.transpose as a layer; the batch is dimension 0."""

    def __init__(self, a, b):
        super().__init__()
        self.dims = a, b

    def forward(self, x):
        return x.transpose(*self.dims)


def cases():
    """(name, shape of a row, [(what a file says, module)]): the last layer is added to all, and needs no shape."""
    tanh, relu = ("\"tanh\"", nn.Tanh()), ("\"relu\"", nn.ReLU())
    activation = lambda pair: (f"{{ type = \"activation\", function = {pair[0]} }}", pair[1])  # noqa: E731
    conv2d = lambda toml, *a, **k: (f"{{ type = \"conv2d\", {toml} }}", nn.Conv2d(*a, **k))  # noqa: E731
    conv1d = lambda toml, *a, **k: (f"{{ type = \"conv1d\", {toml} }}", nn.Conv1d(*a, **k))  # noqa: E731
    pool = lambda name, toml, module: (f"{{ type = \"{name}\", {toml} }}", module)  # noqa: E731
    norm = lambda toml, module: (f"{{ {toml} }}", module)  # noqa: E731
    dense = lambda wide, units: (f"{{ type = \"dense\", units = {units} }}", nn.Linear(wide, units))  # noqa: E731
    flatten = ("\"flatten\"", nn.Flatten())
    sizes = "kernel_size = 3, stride = 2, padding = 1"
    return [
        ("conv2d", (2, 6, 7), [
            conv2d("out_channels = 5, kernel_size = [3, 2], stride = [1, 2], padding = [1, 0]",
                   2, 5, (3, 2), stride=(1, 2), padding=(1, 0)),
            activation(tanh),
        ]),
        ("conv2d with groups and dilation", (4, 7, 7), [
            conv2d("channels = 6, kernel_size = 3, dilation = 2, groups = 2, bias = false",
                   4, 6, 3, dilation=2, groups=2, bias=False),
            activation(relu),
        ]),
        ("conv2d of the same size", (1, 5, 6), [
            conv2d("channels = 3, kernel_size = 4, padding = 'same'", 1, 3, 4, padding="same"),
            activation(tanh),
            conv2d("channels = 2, kernel_size = 3, padding = 'same', dilation = 2",
                   3, 2, 3, padding="same", dilation=2),
        ]),
        ("conv1d", (1, 15), [
            conv1d("channels = 5, kernel_size = 5, stride = 2, padding = 1", 1, 5, 5, stride=2, padding=1),
            activation(relu),
            conv1d("channels = 4, kernel_size = 3, stride = 2, padding = 1", 5, 4, 3, stride=2, padding=1),
            activation(tanh),
        ]),
        ("max_pool2d", (2, 7, 6), [
            conv2d("channels = 3, kernel_size = 2", 2, 3, 2),
            pool("max_pool2d", sizes, nn.MaxPool2d(3, stride=2, padding=1)),
            activation(tanh),
        ]),
        ("avg_pool2d", (2, 7, 6), [
            conv2d("channels = 3, kernel_size = 2", 2, 3, 2),
            pool("avg_pool2d", sizes, nn.AvgPool2d(3, stride=2, padding=1)),
            activation(tanh),
        ]),
        ("l2_pool2d", (2, 7, 6), [
            conv2d("channels = 3, kernel_size = 2", 2, 3, 2),
            pool("l2_pool2d", "kernel_size = [2, 3], stride = [2, 1]", nn.LPPool2d(2, (2, 3), stride=(2, 1))),
            activation(tanh),
        ]),
        ("pools of a signal", (2, 16), [
            conv1d("channels = 4, kernel_size = 3", 2, 4, 3),
            pool("max_pool1d", "kernel_size = 2, stride = 1, dilation = 2", nn.MaxPool1d(2, stride=1, dilation=2)),
            conv1d("channels = 4, kernel_size = 2", 4, 4, 2),
            pool("avg_pool1d", "kernel_size = 3, stride = 1, padding = 1", nn.AvgPool1d(3, stride=1, padding=1)),
            activation(tanh),
            pool("l2_pool1d", "kernel_size = 2", nn.LPPool1d(2, 2)),
        ]),
        ("global pools", (2, 6, 6), [
            conv2d("channels = 6, kernel_size = 3", 2, 6, 3),
            pool("max_pool2d", "kernel_size = 2, stride = 2", nn.MaxPool2d(2)),
            pool("avg_pool2d", "kernel_size = 'global'", nn.AdaptiveAvgPool2d(1)),
        ]),
        ("upsample", (2, 3, 4), [
            conv2d("channels = 3, kernel_size = 2", 2, 3, 2),
            pool("upsample", "factor = 2", nn.Upsample(scale_factor=2)),
            activation(tanh),
            conv2d("channels = 2, kernel_size = 3", 3, 2, 3),
            pool("upsample", "scale_factor = [1, 3]", nn.Upsample(scale_factor=(1, 3))),
            activation(relu),
        ]),
        ("upsample and transpose of a signal", (7, 3), [
            ("\"transpose\"", Transpose(1, 2)),
            conv1d("channels = 4, kernel_size = 3", 3, 4, 3),
            pool("upsample", "factor = 3", nn.Upsample(scale_factor=3)),
            activation(tanh),
            conv1d("channels = 3, kernel_size = 2", 4, 3, 2),
        ]),
        ("transpose of images", (2, 5, 6), [
            conv2d("channels = 3, kernel_size = [2, 3]", 2, 3, (2, 3)),
            pool("transpose", "extents = [-1, 0]", Transpose(1, 3)),
            activation(tanh),
            conv2d("channels = 2, kernel_size = 2", 4, 2, 2),
        ]),
        ("batch_norm of rows", (7,), [
            dense(7, 18),
            norm("type = 'batch_norm1d'", nn.BatchNorm1d(18)),
            activation(tanh),
            dense(18, 5),
            norm("type = 'batch_norm', momentum = 0.3, eps = 1e-3, affine = false",
                 nn.BatchNorm1d(5, momentum=0.3, eps=1e-3, affine=False)),
        ]),
        ("batch_norm of signals", (3, 9), [
            norm("type = 'batch_norm'", nn.BatchNorm1d(3)),
            conv1d("channels = 4, kernel_size = 3", 3, 4, 3),
            norm("type = 'batch_norm'", nn.BatchNorm1d(4)),
            activation(relu),
        ]),
        ("batch_norm of images", (2, 6, 7), [
            conv2d("channels = 5, kernel_size = 3, bias = false", 2, 5, 3, bias=False),
            norm("type = 'batch_norm2d'", nn.BatchNorm2d(5)),
            activation(relu),
            conv2d("channels = 3, kernel_size = 2, bias = false", 5, 3, 2, bias=False),
            norm("type = 'batch_norm2d', momentum = 0.01", nn.BatchNorm2d(3, momentum=0.01)),
        ]),
        ("layer_norm", (5, 7), [
            norm("type = 'layer_norm'", nn.LayerNorm(7)),
            activation(tanh),
            norm("type = 'layer_norm', over = 'all', bias = false, eps = 1e-3",
                 nn.LayerNorm([5, 7], bias=False, eps=1e-3)),
            flatten,
            dense(35, 6),
            norm("type = 'layer_norm', elementwise_affine = false", nn.LayerNorm(6, elementwise_affine=False)),
        ]),
        ("rms_norm", (5, 7), [
            norm("type = 'rms_norm'", nn.RMSNorm(7)),
            activation(tanh),
            flatten,
            dense(35, 6),
            norm("type = 'rms_norm', eps = 0.01", nn.RMSNorm(6, eps=0.01)),
        ]),
        # behind a convolution, which does both at once, and behind another layer
        ("global max_pool2d", (1, 5, 6), [
            conv2d("channels = 3, kernel_size = 2", 1, 3, 2),
            pool("max_pool2d", "kernel_size = 'global'", nn.AdaptiveMaxPool2d(1)),
        ]),
        ("global l2_pool2d", (1, 5, 6), [
            conv2d("channels = 3, kernel_size = 2", 1, 3, 2),
            activation(tanh),
            pool("l2_pool2d", "kernel_size = 'global'", nn.LPPool2d(2, (4, 5))),
        ]),
        ("max_pool2d with dilation", (1, 7, 8), [
            conv2d("channels = 2, kernel_size = 2", 1, 2, 2),
            activation(tanh),
            pool("max_pool2d", "kernel_size = [2, 3], stride = [1, 2], padding = [1, 0], dilation = [3, 2]",
                 nn.MaxPool2d((2, 3), stride=(1, 2), padding=(1, 0), dilation=(3, 2))),
        ]),
        ("conv1d with groups and dilation of the same size, and a global pool", (4, 9), [
            conv1d("channels = 6, kernel_size = 3, groups = 2, dilation = 2, padding = 'same'",
                   4, 6, 3, groups=2, dilation=2, padding="same"),
            activation(tanh),
            conv1d("channels = 3, kernel_size = 4, groups = 3, dilation = 3, padding = 'same', bias = false",
                   6, 3, 4, groups=3, dilation=3, padding="same", bias=False),
            pool("max_pool1d", "kernel_size = 'global'", nn.AdaptiveMaxPool1d(1)),
        ]),
    ]


def initial(k, tensor):
    """The formula of make.py for tensor k, around what torch starts factors from."""
    fan_in = tensor[0].numel() if tensor.dim() > 1 else tensor.numel()
    numbers = [((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0 for i in range(tensor.numel())]
    return single([x / fan_in**0.5 for x in numbers]).reshape(tensor.shape)


def run(shape, layers):
    """One case."""
    features = torch.Size(shape).numel()
    x = single([value(n) for n in range(ROWS * features)]).reshape(ROWS, *shape)
    classes = torch.tensor([(i * 7 + i // 5) % CLASSES for i in range(ROWS)])
    body = nn.Sequential(*(module for _, module in layers), nn.Flatten())
    last = nn.Linear(body(x).shape[1], CLASSES)
    network = nn.Sequential(*body, last)
    # in the order of the layers, parameters before what is counted along
    tensors = [t for module in network for t in [*module.parameters(), *module.buffers()]]
    with torch.no_grad():
        for k, tensor in enumerate(tensors):
            # the rest is measured along the way
            if tensor.requires_grad:
                around = 1.0 if tensor.min() == tensor.max() == 1.0 else 0.0
                tensor.copy_(around + initial(k, tensor))
    start = [flat(t.float()) for t in tensors]
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=LR, momentum=MOMENTUM, foreach=False)
    losses, outputs, gradients = [], None, None
    for step in range(STEPS):
        optimizer.zero_grad()
        z = network(x)
        loss = F.cross_entropy(z, classes)
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            outputs = flat(z)
            gradients = [flat(torch.zeros_like(t).float() if t.grad is None else t.grad) for t in tensors]
        optimizer.step()
    network.eval()
    measured = [flat(t.float()) for t in network.buffers()]
    return {
        "initial": start,
        "outputs": outputs,
        "gradients": gradients,
        "losses": losses,
        **({"measured": measured} if measured else {}),
        "evaluated": flat(network(x)),
    }


def main():
    """Writes the file."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(0)
    content = {
        "torch": torch.__version__.split("+")[0],
        "about": "outputs in training mode and gradients (one list per tensor, in its layout) before the first of 50 steps "
        "of SGD on all rows; losses before each; then what is measured along the way, and the outputs in evaluation mode",
        "formula": "x = value(row * features + f); class = (i * 7 + i // 5) % 3; tensor k, flat index i: (((i * 37 + "
        "k * 17 + 11) % 101) / 50.5 - 1.0) / sqrt(fan_in), factors of a normalisation around 1; " + VALUE,
        "rows": ROWS,
        "optimizer": f"{{ type = 'sgd', lr = {LR}, momentum = {MOMENTUM} }}",
        "cases": [
            {
                "name": name,
                "shape": list(shape),
                "layers": [toml for toml, _ in layers] + [f"{{ type = 'dense', units = {CLASSES} }}"],
                **run(shape, layers),
            }
            for name, shape, layers in cases()
        ],
    }
    text = render(content) + "\n"
    assert len(text) < 250_000, f"{len(text)} bytes"
    (FOLDER / "images.json").write_text(text, encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
