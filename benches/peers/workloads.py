"""The workloads that all peers train: the sizes of `benches/workloads/*.toml`, and data of those sizes.

The numbers of the rows do not matter to the time of a step, so they are drawn here and nothing has to be downloaded. What a
network looks like stands in `in_torch.py`, `in_jax.py` and `in_sklearn.py`, one function each, under the workload's name.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Workload:
    name: str
    inputs: tuple  # shape of a row
    rows: int
    batch: int  # as many as there are rows: full batches
    classes: int = 0  # 0: the target is one number, the loss the mean squared error; else cross-entropy
    trials: int = 1

    @property
    def steps(self):
        """Of an epoch, which is what a peer is timed on. A last, smaller batch is left out: a scan wants equal steps."""
        return self.rows // self.batch

    @property
    def samples(self):
        """Of an epoch of one trial."""
        return self.steps * self.batch

    def data(self):
        rng = np.random.default_rng(1)
        x = rng.standard_normal((self.rows, *self.inputs), dtype=np.float32)
        if self.classes:
            return x, rng.integers(self.classes, size=self.rows)
        return x, rng.standard_normal((self.rows, 1), dtype=np.float32)


ALL = {
    w.name: w
    for w in [
        Workload("mlp", (784,), 60_000, 64, classes=10),
        Workload("mlpbig", (784,), 12_800, 128, classes=10),
        Workload("sweep", (64,), 1_437, 32, classes=10, trials=64),
        Workload("tiny", (2,), 200, 200, trials=64),
        Workload("cnn", (1, 28, 28), 6_400, 64, classes=10),
        Workload("lstm", (50, 2), 6_400, 64),
        Workload("mnist1d_cnn", (1, 40), 4_000, 100, classes=10),
        Workload("mnist1d_gru", (40, 1), 4_000, 100, classes=10),
        Workload("vanish", (64,), 6_400, 64, classes=10),
    ]
}

# The learning rates of `sweep`, eight seeds each.
RATES = np.repeat(np.logspace(np.log10(0.001), np.log10(0.5), 8), 8)
