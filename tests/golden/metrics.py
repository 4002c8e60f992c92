"""Golden values of metrics: what scikit-learn answers. See make.py, whose inputs and way of writing these are.

    VENV/bin/pip install torch scikit-learn
    VENV/bin/python tests/golden/metrics.py
"""

import numpy as np
import sklearn
from scipy.special import expit, log_softmax, softmax
from sklearn import metrics as m

from make import FOLDER, VALUE, render, value


def outputs(rows, width, scale, first):
    """(rows, width) float32 outputs, widened to float64."""
    z = [scale * value(first + n * n + 3 * n) for n in range(rows * width)]
    return np.array(z, dtype=np.float32).astype(np.float64).reshape(rows, width)


def of_log_loss(nats):
    """The metrics that are a function of log_loss."""
    return {"log_loss": nats, "perplexity": float(np.exp(nats)), "bits": float(nats / np.log(2.0))}


def of_classes(y, said, p):
    """The metrics that only ask which class is named, and log_loss."""
    labels = list(range(p.shape[1]))
    return {
        "accuracy": m.accuracy_score(y, said),
        "error": m.zero_one_loss(y, said),
        "balanced_accuracy": m.balanced_accuracy_score(y, said),
        "macro_f1": m.f1_score(y, said, average="macro", zero_division=0.0),
        **of_log_loss(m.log_loss(y, p, labels=labels)),
    }


def several():
    """Five classes, one without a row; the last ten rows are the first ten again, so there are ties across rows."""
    z = outputs(30, 5, 3.0, 7)
    z = np.concatenate([z, z[:10]])
    y = np.array([(i * 7 + i // 5 + (i >= 30)) % 4 for i in range(40)])
    p = softmax(z, axis=1)
    areas = [m.roc_auc_score(y == c, p[:, c]) for c in range(4)]
    top = {
        f"{{ type = \"top_k\", k = {k} }}": m.top_k_accuracy_score(y, z, k=k, labels=list(range(5))) for k in (1, 2, 3)
    }
    measured = {**of_classes(y, z.argmax(axis=1), p), "auroc": float(np.mean(areas)), **top}
    return {"losses": ["cross_entropy", "mse"], "width": 5, "classes": 5, "z": z, "targets": y, "metrics": measured}


def two_outputs():
    """Two classes, two outputs in steps of a half, so that many differences are the same."""
    z = np.round(2 * outputs(36, 2, 2.0, 31)) / 2
    y = np.array([(i * 5 + i // 7) % 3 % 2 for i in range(36)])
    measured = {**of_classes(y, z.argmax(axis=1), softmax(z, axis=1)), "auroc": m.roc_auc_score(y, z[:, 1] - z[:, 0])}
    return {"losses": ["cross_entropy", "mse"], "width": 2, "classes": 2, "z": z, "targets": y, "metrics": measured}


def one_output():
    """Two classes and a logit, in steps of a quarter, large ones too."""
    z = np.round(4 * outputs(36, 1, 3.0, 3)) / 4
    z[5], z[6] = 60.0, -60.0
    y = np.array([(i * 5 + i // 7) % 3 % 2 for i in range(36)])
    p = expit(z[:, 0])
    # from logarithms: at 60 the probability itself has rounded to 1
    ln = log_softmax(np.concatenate([np.zeros_like(z), z], axis=1), axis=1)
    measured = {
        **of_classes(y, (z[:, 0] > 0).astype(int), np.stack([1 - p, p], axis=1)),
        **of_log_loss(float(-ln[np.arange(36), y].mean())),
        "auroc": m.roc_auc_score(y, z[:, 0]),
    }
    return {"losses": ["bce"], "width": 1, "classes": 2, "z": z, "targets": y, "metrics": measured}


def numbers(width, flat):
    """Targets that are numbers; of the last output all alike where `flat`."""
    z, t = outputs(24, width, 2.0, 5), outputs(24, width, 2.5, 60)
    t = 0.7 * z + 0.3 * t
    if flat:
        t[:, -1] = 0.5
    t = t.astype(np.float32).astype(np.float64)
    measured = {
        "r2": m.r2_score(t, z),
        "rmse": float(np.sqrt(m.mean_squared_error(t, z))),
        "mae": m.mean_absolute_error(t, z),
        '{ type = "within", tolerance = 0.5 }': float((np.abs(z - t) < 0.5).all(axis=1).mean()),
    }
    return {"losses": ["mse"], "width": width, "classes": 0, "z": z, "targets": t, "metrics": measured}


def main():
    """Writes metrics.json."""
    cases = [several(), two_outputs(), one_output(), numbers(1, False), numbers(3, False), numbers(2, True)]
    for case in cases:
        case["z"], case["targets"] = case["z"].flatten().tolist(), case["targets"].flatten().tolist()
        case["metrics"] = [{"metric": metric, "value": float(x)} for metric, x in case["metrics"].items()]
    content = {
        "sklearn": sklearn.__version__,
        "about": "outputs z (rows, width) that are float32, targets that are classes (of so many) or numbers, and what "
        "scikit-learn measures in float64; rmse is the root of its mean_squared_error over all outputs",
        "formula": "outputs from value(first + n n + 3 n); " + VALUE,
        "cases": cases,
    }
    (FOLDER / "metrics.json").write_text(render(content) + "\n", encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
