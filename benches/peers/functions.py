"""Elementwise functions of PyTorch on 4096 numbers in cache, one thread, into a tensor on hand: ns per element as JSON.

Run by hand; `run.py` does not call it."""

import json

import torch
from torch.nn import functional

from products import seconds

COUNT = 4096
# numbers from -SPREAD to SPREAD
SPREAD = 4.0


def calls():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = SPREAD * (2 * torch.rand(COUNT) - 1)
    y = torch.empty(COUNT)
    gelu = torch._C._nn.gelu  # `functional.gelu` has no `out`
    yield "exp", lambda: torch.exp(x, out=y)
    yield "tanh", lambda: torch.tanh(x, out=y)
    yield "sigmoid", lambda: torch.sigmoid(x, out=y)
    yield "gelu", lambda: gelu(x, out=y)
    yield "gelu, tanh", lambda: gelu(x, approximate="tanh", out=y)
    yield "silu", lambda: functional.silu(x)


def main():
    # what a call costs beside its elements is not the function's: it is taken off, in PyTorch's favour
    x, y = torch.zeros(1), torch.empty(1)
    call = seconds(lambda: torch.exp(x, out=y))
    print(json.dumps({name: (seconds(call_it) - call) / COUNT * 1e9 for name, call_it in calls()}))


if __name__ == "__main__":
    main()
