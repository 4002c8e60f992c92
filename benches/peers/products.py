"""Matrix products of one library, at the shapes of dense layers: GFLOP/s of one thread as a line of JSON.

python products.py numpy | torch
"""

import json
import sys
import time

import numpy as np

# (rows, inputs, units), as `src/bench/gemm.rs` has them: minibatches, few outputs, and squares
LAYERS = [
    *[(32, 64, 32), (32, 784, 128), (64, 256, 256), (64, 784, 256), (128, 784, 512), (128, 1024, 1024)],
    *[(32, 128, 10), (64, 128, 10), (128, 1024, 10)],
]
SQUARES = [32, 64, 128, 256, 512, 1024, 2048]


def products():
    """(name, form, m, k, n): what forward and backward of a layer need."""
    for rows, inputs, units in LAYERS:
        layer = f"{rows}x{inputs}x{units}"
        yield f"forward {layer}", "forward", rows, inputs, units  # y = x w
        yield f"weights {layer}", "weights", inputs, rows, units  # dw = x^T dy
        yield f"inputs {layer}", "inputs", rows, units, inputs  # dx = dy w^T
    for side in SQUARES:
        yield f"forward {side}x{side}x{side}", "forward", side, side, side


def operands(form, m, k, n):
    """`a` of (m, k) and `b` of (k, n), transposed views where the form has them."""
    rng = np.random.default_rng(0)
    draw = lambda *shape: at_cache_line(rng.standard_normal(shape, dtype=np.float32))
    a = draw(k, m).T if form == "weights" else draw(m, k)
    b = draw(n, k).T if form == "inputs" else draw(k, n)
    return a, b, at_cache_line(np.empty((m, n), np.float32))


def at_cache_line(x):
    """A copy that begins where a cache line does, as our arrays do."""
    room = np.empty(x.size + 16, np.float32)
    first = -(room.ctypes.data // 4) % 16
    copy = room[first : first + x.size].reshape(x.shape)
    copy[...] = x
    return copy


def numpy_product(a, b, c):
    return lambda: np.matmul(a, b, out=c)


def torch_product(a, b, c):
    import torch

    torch.set_num_threads(1)
    a, b, c = map(torch.from_numpy, (a, b, c))
    return lambda: torch.mm(a, b, out=c)


def seconds(call, least=0.01, times=5):
    """The median over a few runs of calls in a row."""
    call()
    count, each = 1, []
    while len(each) < times:
        begin = time.perf_counter()
        for _ in range(count):
            call()
        took = time.perf_counter() - begin
        if took < least:
            count *= 2
        else:
            each.append(took / count)
    return sorted(each)[times // 2]


def main():
    make = {"numpy": numpy_product, "torch": torch_product}[sys.argv[1]]
    rates = {}
    for name, form, m, k, n in products():
        rates[name] = 2e-9 * m * k * n / seconds(make(*operands(form, m, k, n)))
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
