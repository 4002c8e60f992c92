"""The perceptrons in scikit-learn: `MLPClassifier`, an epoch per call of `partial_fit`."""

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

from workloads import ALL


def mlp():
    return MLPClassifier((256, 128), learning_rate_init=0.01, momentum=0.9)


def sweep():
    return MLPClassifier((64,), learning_rate_init=0.1, momentum=0.0)


def epoch(name, threads):
    """A function that trains an epoch of one trial, and the samples it takes. BLAS has the threads of its environment."""
    workload = ALL[name]
    x, y = workload.data()
    x = x.reshape(workload.rows, -1)
    model = globals()[name]()
    model.set_params(solver="sgd", alpha=0.0, batch_size=workload.batch, nesterovs_momentum=False)
    classes = np.arange(workload.classes)
    return lambda: model.partial_fit(x, y, classes=classes), workload.rows


def versions():
    return {"scikit-learn": sklearn.__version__}
