"""The workloads in JAX: an epoch is one compiled scan over its steps with donated buffers, a sweep is mapped over its trials."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, nn

from workloads import ALL, RATES

rng = np.random.default_rng(0)


def uniform(fan_in, *shape):
    return jnp.asarray(rng.uniform(-1, 1, shape) * fan_in**-0.5, jnp.float32)


def dense(inputs, units):
    return uniform(inputs, inputs, units), uniform(inputs, units)


def affine(layer, x):
    return x @ layer[0] + layer[1]


def perceptron(*widths, activation=nn.relu):
    def forward(params, x):
        for layer in params[:-1]:
            x = activation(affine(layer, x))
        return affine(params[-1], x)

    return [dense(inputs, units) for inputs, units in zip(widths, widths[1:])], forward


def sgd(lr, momentum=0.0):
    """What an optimizer starts from, and its step from (parameters, memory, slopes, rate) to (parameters, memory)."""

    def start(params):
        return jax.tree.map(jnp.zeros_like, params) if momentum else ()

    def step(params, memory, slopes, lr):
        if momentum:
            memory = slopes = jax.tree.map(lambda v, g: momentum * v + g, memory, slopes)
        return jax.tree.map(lambda w, g: w - lr * g, params, slopes), memory

    return start, step, lr


def adam(lr, beta1=0.9, beta2=0.999, eps=1e-8):
    def start(params):
        return jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params), jnp.float32(0)

    def step(params, memory, slopes, lr):
        m, v, t = memory
        t = t + 1
        m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, m, slopes)
        v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, slopes)
        size, root = lr / (1 - beta1**t), 1 / jnp.sqrt(1 - beta2**t)
        return jax.tree.map(lambda w, m, v: w - size * m / (jnp.sqrt(v) * root + eps), params, m, v), (m, v, t)

    return start, step, lr


def mlp():
    return *perceptron(784, 256, 128, 10), sgd(0.01, 0.9)


def mlpbig():
    return *perceptron(784, 1024, 1024, 10), adam(0.001)


def sweep():
    return *perceptron(64, 64, 10), sgd(RATES)


def tiny():
    return *perceptron(2, 16, 16, 1, activation=nn.tanh), sgd(np.full(64, 0.05))


def convolve(layer, x, strides, padding):
    """Channels last, the layout that XLA has a fast path for."""
    form = ("NHWC", "HWIO", "NHWC") if x.ndim == 4 else ("NWC", "WIO", "NWC")
    return lax.conv_general_dilated(x, layer[0], strides, padding, dimension_numbers=form) + layer[1]


def pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def cnn():
    params = [
        (uniform(25, 5, 5, 1, 8), uniform(25, 8)),
        (uniform(200, 5, 5, 8, 16), uniform(200, 16)),
        dense(256, 128),
        dense(128, 10),
    ]

    def forward(params, x):
        x = x.reshape(-1, 28, 28, 1)  # one channel: no transposition
        for layer in params[:2]:
            x = pool(nn.relu(convolve(layer, x, (1, 1), "VALID")))
        x = nn.relu(affine(params[2], x.reshape(len(x), -1)))
        return affine(params[3], x)

    return params, forward, sgd(0.01, 0.9)


def mnist1d_cnn():
    sizes = [(5, 1, 25), (3, 25, 25), (3, 25, 25)]
    params = [(uniform(k * i, k, i, o), uniform(k * i, o)) for k, i, o in sizes] + [dense(125, 10)]

    def forward(params, x):
        x = x.reshape(-1, 40, 1)
        for layer in params[:3]:
            x = nn.relu(convolve(layer, x, (2,), [(1, 1)]))
        return affine(params[3], x.reshape(len(x), -1))

    return params, forward, adam(0.01)


def lstm():
    params = [(uniform(64, 2, 256), uniform(64, 64, 256), uniform(64, 256)), dense(64, 1)]

    def forward(params, x):
        (wx, wh, b), out = params
        z = jnp.swapaxes(x @ wx + b, 0, 1)  # of all steps at once, time first

        def step(state, z):
            h, c = state
            i, f, g, o = jnp.split(z + h @ wh, 4, axis=1)
            c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
            return (nn.sigmoid(o) * jnp.tanh(c), c), None

        zero = jnp.zeros((len(x), 64))
        (h, _), _ = lax.scan(step, (zero, zero), z)
        return affine(out, h)

    return params, forward, adam(0.001)


def mnist1d_gru():
    # both directions at once, the second over the reversed sequence
    params = [(uniform(6, 2, 1, 18), uniform(6, 2, 18), uniform(6, 2, 6, 18), uniform(6, 2, 18)), dense(480, 10)]

    def forward(params, x):
        (wx, bx, wh, bh), out = params
        both = jnp.stack([x, x[:, ::-1]])  # (2, B, 40, 1)
        z = jnp.einsum("dbti,dik->tdbk", both, wx) + bx[:, None]

        def step(h, z):
            u = jnp.einsum("dbh,dhk->dbk", h, wh) + bh[:, None]
            gates = nn.sigmoid(z[..., :12] + u[..., :12])
            r, update = gates[..., :6], gates[..., 6:]
            new = jnp.tanh(z[..., 12:] + r * u[..., 12:])
            h = new + update * (h - new)
            return h, h

        _, h = lax.scan(step, jnp.zeros((2, len(x), 6)), z)  # (40, 2, B, 6)
        h = jnp.concatenate([h[:, 0], h[::-1, 1]], axis=-1)  # (40, B, 12)
        return affine(out, jnp.swapaxes(h, 0, 1).reshape(len(x), -1))

    return params, forward, adam(0.01)


def vanish():
    return *perceptron(64, *[64] * 60, 10, activation=nn.sigmoid), sgd(0.1)


def loss_of(workload, forward):
    def cross_entropy(params, x, y):
        z = forward(params, x)
        return jnp.mean(nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y[:, None], axis=1)[:, 0])

    def squared(params, x, y):
        return jnp.mean((forward(params, x) - y) ** 2)

    return cross_entropy if workload.classes else squared


def epoch(name, threads):
    """A function that trains an epoch of all trials, and the samples it takes. XLA has the threads that the process may use."""
    workload = ALL[name]
    x, y = map(jnp.asarray, workload.data())
    params, forward, (start, update, lr) = globals()[name]()
    slope = jax.grad(loss_of(workload, forward))
    full = workload.batch == workload.rows
    steps = 100 if full else workload.steps

    def trial(state, lr, order):
        def step(state, rows):
            params, memory = state
            slopes = slope(params, x, y) if full else slope(params, x[rows], y[rows])
            return update(params, memory, slopes, lr), None

        return lax.scan(step, state, order, length=steps)[0]

    state = params, start(params)
    shape = (steps, workload.batch)
    if workload.trials > 1:
        # the trials' own weights: the same draw, scaled apart
        spread = jnp.linspace(0.9, 1.1, workload.trials)
        state = jax.tree.map(lambda w: spread.reshape(-1, *[1] * w.ndim) * w, state)
        trial, shape = jax.vmap(trial, in_axes=(0, 0, None if full else 0)), (workload.trials, *shape)
    run = jax.jit(trial, donate_argnums=0)
    lr = jnp.asarray(lr, jnp.float32)

    def call():
        nonlocal state
        order = None
        if not full:
            # numpy draws permutations faster than XLA sorts
            rows = np.broadcast_to(np.arange(workload.rows, dtype=np.int32), (workload.trials, workload.rows))
            order = np.random.default_rng().permuted(rows, axis=1)[:, : workload.samples].reshape(shape)
        state = jax.block_until_ready(run(state, lr, order))

    return call, workload.trials * steps * workload.batch


def versions():
    return {"jax": jax.__version__}
