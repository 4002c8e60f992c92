"""Golden values: what PyTorch answers where this project promises PyTorch's equations.

The Rust tests read the JSON files beside this script and never call Python. To make them again:

    python -m venv VENV && VENV/bin/pip install torch numpy     # VENV: any folder outside the repository
    VENV/bin/python tests/golden/make.py

Running it again with the same torch rewrites the same bytes; each file records the version that made it.

Every input comes from a closed integer formula, computed in float64 and rounded once to float32, so that Rust can
rebuild it exactly; it is stored too. The common one is

    value(n) = ((n * 37 + 11) % 101) / 50.5 - 1.0        in [-1, 0.99], never 0

Lists named `float32` were computed by torch in float32 on one thread, lists named `float64` by the same code in
float64 from the same float32 inputs; every number is written as the shortest decimal of its float64 value.
All arrays are flat and row-major.
"""

import json
import math
import os
import pathlib
import warnings

# Before torch is loaded: scalar kernels and the compatible branch of MKL, so that the files do not depend on the
# instruction set of the machine that makes them.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["MKL_CBWR"] = "COMPATIBLE"

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent
VALUE = "value(n) = ((n * 37 + 11) % 101) / 50.5 - 1.0, in float64, rounded to float32 after scaling"
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def value(n):
    """The common input formula, in float64."""
    return ((n * 37 + 11) % 101) / 50.5 - 1.0


def single(numbers):
    """Numbers as a float32 tensor, each rounded once to nearest even."""
    return torch.tensor(numbers, dtype=torch.float32)


def flat(tensor):
    """A tensor as a flat list of Python floats; a float32 widens exactly."""
    return tensor.detach().double().flatten().tolist()


# ---- activations.json -------------------------------------------------------------------------------------------


def activation_cases():
    """(name, settings, function): the settings are PyTorch's keywords, all of them."""
    return [
        ("identity", {}, lambda x: x * 1.0),
        ("relu", {}, F.relu),
        ("tanh", {}, torch.tanh),
        ("sigmoid", {}, torch.sigmoid),
        ("leaky_relu", {"negative_slope": 0.01}, F.leaky_relu),
        ("elu", {"alpha": 1.0}, F.elu),
        ("elu", {"alpha": 0.5}, F.elu),
        ("selu", {}, F.selu),
        ("celu", {"alpha": 1.0}, F.celu),
        ("celu", {"alpha": 2.0}, F.celu),
        ("gelu", {"approximate": "none"}, F.gelu),
        ("gelu", {"approximate": "tanh"}, F.gelu),
        ("silu", {}, F.silu),
        ("mish", {}, F.mish),
        ("softplus", {"beta": 1.0, "threshold": 20.0}, F.softplus),
        ("softplus", {"beta": 2.0, "threshold": 20.0}, F.softplus),
        ("softsign", {}, F.softsign),
        ("hardtanh", {"min_val": -1.0, "max_val": 1.0}, F.hardtanh),
        ("hardsigmoid", {}, F.hardsigmoid),
        ("hardswish", {}, F.hardswish),
        ("square", {}, torch.square),
        ("sine", {"frequency": 1.0}, lambda x, frequency: torch.sin(frequency * x)),
        ("sine", {"frequency": 4.0}, lambda x, frequency: torch.sin(frequency * x)),
    ]


def activations():
    """Value and derivative in float64. The grid meets every kink (0, 1, 3), where PyTorch's one-sided choice shows."""
    grid = [(i - 16) / 2 for i in range(33)]
    tiny = [sign * 2.0**-power for power in (10, 24, 60, 126, 149) for sign in (1, -1)]
    ragged = [8.0 * value(i) for i in range(22)]
    x = single(grid + tiny + ragged)
    functions = []
    for name, settings, function in activation_cases():
        point = x.double().requires_grad_()
        y = function(point, **settings)
        (slope,) = torch.autograd.grad(y.sum(), point)
        functions.append({"name": name, "settings": settings, "value": flat(y), "derivative": flat(slope)})
    return {
        "about": "f(x) and f'(x) by autograd, both computed in float64 from the float32 x",
        "formula": "x: (i - 16) / 2 for i = 0..32; then +2^-p and -2^-p for p = 10, 24, 60, 126, 149; "
        "then 8 * value(i) for i = 0..21; " + VALUE,
        "x": flat(x),
        "functions": functions,
    }


# ---- losses.json ------------------------------------------------------------------------------------------------

LOSS_ROWS = 7


def weighted(reduction, rows, divisor):
    """A reduction of the losses of rows (7, ...) that PyTorch has no name for."""
    return {"none": rows, "sum": rows.sum(), "mean": rows.sum() / divisor}[reduction]


def hinge(z, t, reduction, power=1):
    """Keras' hinge; a target of 0 counts as -1."""
    rows = torch.clamp(1.0 - torch.where(t == 0.0, -1.0, t) * z, min=0.0) ** power
    return weighted(reduction, rows, z.numel())


def focal(z, t, reduction, gamma, alpha):
    """Lin et al. 2017, equation 5, over classes."""
    ce = F.cross_entropy(z, t, reduction="none")
    factor = torch.tensor(alpha, dtype=z.dtype)[t] if alpha else 1.0
    return weighted(reduction, factor * (1.0 - torch.exp(-ce)) ** gamma * ce, len(t))


def cross_entropy(z, t, reduction, label_smoothing=0.0, weight=()):
    """PyTorch's, with its weight as a list."""
    weight = torch.tensor(weight, dtype=z.dtype) if weight else None
    return F.cross_entropy(z, t, reduction=reduction, label_smoothing=label_smoothing, weight=weight)


LOSSES = {
    "cross_entropy": cross_entropy,
    "mse": lambda z, t, reduction, half=False: F.mse_loss(z, t, reduction=reduction) * (0.5 if half else 1.0),
    "bce": F.binary_cross_entropy_with_logits,
    "mae": F.l1_loss,
    "huber": F.huber_loss,
    "smooth_l1": F.smooth_l1_loss,
    "log_cosh": lambda z, t, reduction: weighted(reduction, torch.log(torch.cosh(z - t)), z.numel()),
    "hinge": hinge,
    "squared_hinge": lambda z, t, reduction: hinge(z, t, reduction, 2),
    "multi_margin": F.multi_margin_loss,
    "focal": focal,
    "kl_div": F.kl_div,
    "poisson": lambda z, t, reduction, log_input: F.poisson_nll_loss(z, t, log_input=log_input, reduction=reduction),
}


def loss_targets(name, width):
    """Classes as integers; values as float32 of the kind that the loss is for."""
    cells = range(LOSS_ROWS * width)
    if name in ("cross_entropy", "multi_margin", "focal"):
        return torch.tensor([(r * 7 + 3) % width for r in range(LOSS_ROWS)])
    numbers = {
        "bce": [(n % 5) / 4 for n in cells],
        "hinge": [float((n * 3) % 5 - 1) if (n * 3) % 5 < 3 else 1.0 for n in cells],
        "kl_div": [(n % 5) / 8 for n in cells],
        "poisson": [float(n % 4) for n in cells],
    }
    numbers["squared_hinge"] = numbers["hinge"]
    return single(numbers.get(name, [2.0 * value(3 * n + 50) for n in cells])).reshape(LOSS_ROWS, width)


def loss_case(name, width, scale, settings):
    """One loss at one width: the loss of each row, and loss and gradient under all reductions."""
    logits = single([scale * value(n) for n in range(LOSS_ROWS * width)]).reshape(LOSS_ROWS, width)
    if settings.get("log_input") is False:
        logits = logits.abs()
    if name == "kl_div":
        logits = F.log_softmax(logits.double(), 1).float()
    targets = loss_targets(name, width)
    function = LOSSES[name]
    exact = targets.double() if targets.is_floating_point() else targets
    rows = function(logits.double(), exact, reduction="none", **settings).reshape(LOSS_ROWS, -1).sum(1)
    case = {
        "loss": name,
        "settings": settings,
        "width": width,
        "scale": scale,
        "z": flat(logits),
        "targets": flat(targets) if targets.is_floating_point() else targets.tolist(),
        "each": flat(rows),
    }
    for reduction in ("mean", "rows", "sum"):
        z = logits.double().requires_grad_()
        loss = function(z, exact, reduction="mean" if reduction == "mean" else "sum", **settings)
        if reduction == "rows":
            loss = loss / LOSS_ROWS
        (gradient,) = torch.autograd.grad(loss, z)
        case[reduction] = {"loss": loss.item(), "gradient": flat(gradient)}
    return case


def losses():
    """Each loss at the widths that fill, split and overflow a block of 16 lanes; scale 100 needs the stable forms."""
    sizes = [("cross_entropy", width, 4.0, {}) for width in (2, 3, 10, 17)] + [("cross_entropy", 10, 100.0, {})]
    sizes += [(name, width, 4.0, {}) for name in ("mse", "bce") for width in (1, 3, 10)] + [("bce", 3, 100.0, {})]
    weight = [0.5, 2.0, 0.25, 1.0, 3.0]
    smooth = {"label_smoothing": 0.1}
    sizes += [("cross_entropy", 5, 4.0, settings) for settings in (smooth, {"weight": weight})]
    sizes += [("cross_entropy", 5, 4.0, {**smooth, "weight": weight}), ("cross_entropy", 17, 4.0, smooth)]
    sizes += [("cross_entropy", 5, 100.0, {**smooth, "weight": weight}), ("mse", 3, 4.0, {"half": True})]
    sizes += [(name, 3, 4.0, {}) for name in ("mae", "log_cosh", "hinge", "squared_hinge", "kl_div")]
    sizes += [("hinge", 1, 4.0, {}), ("squared_hinge", 1, 4.0, {}), ("log_cosh", 1, 0.01, {})]
    sizes += [("huber", 3, 4.0, {"delta": delta}) for delta in (1.0, 2.5)]
    sizes += [("smooth_l1", 3, 4.0, {"beta": beta}) for beta in (1.0, 2.5)]
    sizes += [("multi_margin", 5, 4.0, {"p": p, "margin": margin}) for p, margin in ((1, 1.0), (2, 1.5))]
    sizes += [("multi_margin", 17, 4.0, {"p": 2, "margin": 1.0})]
    sizes += [("focal", 5, 4.0, {"gamma": gamma, "alpha": alpha}) for gamma, alpha in ((2.0, []), (0.5, weight))]
    sizes += [("poisson", 3, 4.0, {"log_input": log_input}) for log_input in (True, False)]
    return {
        "about": "z and targets are (7, width), classes (7); all results computed in float64 from the float32 inputs; "
        "each[r] is the sum over the outputs of row r; the reduction `rows` is the mean of those",
        "formula": "n = r * width + c; z = scale * value(n), its size for rates, its log-softmax for kl_div; "
        "class = (r * 7 + 3) % width; a target is 2 * value(3 * n + 50), or (n % 5) / 4 for bce, (n % 5) / 8 for kl_div, "
        "n % 4 for poisson, -1, 0 or 1 for a hinge; " + VALUE,
        "cases": [loss_case(*size) for size in sizes],
    }


# ---- optimizers.json --------------------------------------------------------------------------------------------

PARAMETERS = 17
SNAPSHOTS = (1, 2, 3, 10, 50, 100)
# Choices of PyTorch's implementation, not of the algorithm.
NOT_SETTINGS = {"foreach", "fused", "capturable", "differentiable", "maximize"}


def linear_lr(first):
    """lr falls on a line from `first` at step 1 towards zero."""
    return lambda t: first * (1.0 - (t - 1) / 100.0)


def optimizer_cases():
    """(case, class, settings given, lr of step t or None)."""
    optim = torch.optim
    wd = {"weight_decay": 0.05}
    every = {"momentum": 0.9, "nesterov": True, **wd}
    other = {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3}
    return [
        ("sgd_plain", optim.SGD, {"lr": 0.1}, None),
        ("sgd_momentum", optim.SGD, {"lr": 0.1, "momentum": 0.9}, None),
        ("sgd_nesterov", optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}, None),
        ("sgd_weight_decay", optim.SGD, {"lr": 0.1, **wd}, None),
        ("sgd_all", optim.SGD, {"lr": 0.1, **every}, None),
        ("sgd_momentum_changing_lr", optim.SGD, {"lr": 0.1, "momentum": 0.9}, linear_lr(0.1)),
        ("sgd_dampening", optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, **wd}, None),
        ("adamw_default", optim.AdamW, {}, None),
        ("adamw_no_decay", optim.AdamW, {"weight_decay": 0.0}, None),
        ("adamw_other", optim.AdamW, {**other, "weight_decay": 0.1}, None),
        ("adamw_changing_lr", optim.AdamW, {"lr": 0.02}, linear_lr(0.02)),
        ("adamw_amsgrad", optim.AdamW, {"lr": 0.02, "amsgrad": True}, None),
        ("adam_default", optim.Adam, {}, None),
        ("adam_amsgrad", optim.Adam, {"lr": 0.02, "amsgrad": True}, None),
        ("adam_weight_decay", optim.Adam, {"lr": 0.02, **wd}, None),
        ("adam_other", optim.Adam, other, None),
        ("rmsprop_default", optim.RMSprop, {}, None),
        ("rmsprop_centered", optim.RMSprop, {"centered": True}, None),
        ("rmsprop_momentum", optim.RMSprop, {"momentum": 0.9}, None),
        ("rmsprop_all", optim.RMSprop, {"alpha": 0.9, "eps": 1e-3, "centered": True, "momentum": 0.5, **wd}, None),
        ("adagrad_default", optim.Adagrad, {}, None),
        ("adagrad_all", optim.Adagrad,
         {"lr": 0.1, "lr_decay": 0.02, "initial_accumulator_value": 0.1, "eps": 1e-6, **wd}, None),
        ("adadelta_default", optim.Adadelta, {}, None),
        ("adadelta_all", optim.Adadelta, {"lr": 0.5, "rho": 0.95, "eps": 1e-4, **wd}, None),
        ("adamax_default", optim.Adamax, {}, None),
        ("adamax_all", optim.Adamax, {**other, **wd}, None),
        ("nadam_default", optim.NAdam, {}, None),
        ("nadam_all", optim.NAdam, {**other, "momentum_decay": 0.01, **wd}, None),
        ("nadam_decoupled", optim.NAdam, {"lr": 0.02, "decoupled_weight_decay": True, **wd}, None),
        ("radam_default", optim.RAdam, {}, None),
        ("radam_all", optim.RAdam, {**other, **wd}, None),
        ("radam_decoupled", optim.RAdam, {"lr": 0.02, "decoupled_weight_decay": True, **wd}, None),
    ]


def gradient_at(step, count=PARAMETERS):
    """The gradient of every parameter at a step, counted from 1; it does not depend on the parameters."""
    return single([((i * 37 + step * 17) % 101) / 50.5 - 1.0 for i in range(count)])


def optimizer_steps(kind, given, lr, dtype):
    """The parameters after each of SNAPSHOTS, and PyTorch's settings with its defaults filled in."""
    p = single([value(i) for i in range(PARAMETERS)]).to(dtype).requires_grad_()
    optimizer = kind([p], foreach=False, **given)
    snapshots = []
    for t in range(1, SNAPSHOTS[-1] + 1):
        p.grad = gradient_at(t).to(dtype)
        if lr is not None:
            optimizer.param_groups[0]["lr"] = lr(t)
        optimizer.step()
        if t in SNAPSHOTS:
            snapshots.append(flat(p))
    hidden = NOT_SETTINGS | ({"decoupled_weight_decay"} if isinstance(optimizer, torch.optim.Adam) else set())
    return snapshots, {name: v for name, v in optimizer.defaults.items() if name not in hidden}


def lion(lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    """Chen et al. 2023, algorithm 2."""
    def step(p, g, memory):
        m = memory.get("m", torch.zeros_like(p))
        c = betas[0] * m + (1 - betas[0]) * g
        memory["m"] = betas[1] * m + (1 - betas[1]) * g
        return p - lr * (torch.sign(c) + weight_decay * p)

    return step


def lars(lr, momentum=0.9, weight_decay=0.0, trust_coefficient=1e-3):
    """You et al. 2017, algorithm 1, without its decay of the lr."""
    def step(p, g, memory):
        v = memory.get("v", torch.zeros_like(p))
        local = trust_coefficient * p.norm() / (g.norm() + weight_decay * p.norm())
        memory["v"] = momentum * v + lr * local * (g + weight_decay * p)
        return p - memory["v"]

    return step


def equation_steps(step, dtype):
    """The parameters after each of SNAPSHOTS, by a paper's equation."""
    p, memory, snapshots = single([value(i) for i in range(PARAMETERS)]).to(dtype), {}, []
    for t in range(1, SNAPSHOTS[-1] + 1):
        p = step(p, gradient_at(t).to(dtype), memory)
        if t in SNAPSHOTS:
            snapshots.append(flat(p))
    return snapshots


class Unrounded:
    """The module torch without bfloat16: PyTorch's own Muon in the precision of its parameters."""

    def __init__(self, dtype):
        self.bfloat16 = dtype

    def __getattr__(self, name):
        return getattr(torch, name)


def muon_steps(given, extents, dtype):
    """PyTorch's Muon on a weight of extents (in, out), which there is (out, in)."""
    import torch.optim._muon as muon

    muon.torch = Unrounded(dtype)
    count = math.prod(extents)
    p = single([value(i) for i in range(count)]).reshape(extents).T.contiguous().to(dtype).requires_grad_()
    optimizer = torch.optim.Muon([p], **given)
    snapshots = []
    for t in range(1, SNAPSHOTS[-1] + 1):
        p.grad = gradient_at(t, count).reshape(extents).T.contiguous().to(dtype)
        optimizer.step()
        if t in SNAPSHOTS:
            snapshots.append(flat(p.T))
    muon.torch = torch
    return snapshots


def others():
    """Optimizers that PyTorch does not have, and Muon on matrices."""
    cases = []
    for case, rule, settings in (
        ("lion_default", lion, {}),
        ("lion_all", lion, {"lr": 0.01, "betas": (0.8, 0.95), "weight_decay": 0.05}),
        ("lars_default", lars, {"lr": 0.1}),
        ("lars_all", lars, {"lr": 0.5, "momentum": 0.8, "weight_decay": 0.05, "trust_coefficient": 0.02}),
    ):
        results = {dtype: equation_steps(rule(**settings), of) for dtype, of in DTYPES.items()}
        name = rule.__name__
        cases.append({"case": case, "optimizer": name, "settings": settings, "given": list(settings), **results})
    for case, ours, theirs, extents in (
        ("muon_default", {}, {}, (4, 6)),
        ("muon_tall", {"lr": 0.02, "nesterov": False}, {"lr": 0.02, "nesterov": False}, (6, 4)),
        ("muon_wide", {"lr": 0.02, "ns_steps": 3}, {"lr": 0.02, "ns_steps": 3}, (3, 7)),
        ("muon_adamw", {"lr": 0.02, "match_rms_adamw": True}, {"lr": 0.02, "adjust_lr_fn": "match_rms_adamw"}, (5, 5)),
    ):
        initial = flat(single([value(i) for i in range(math.prod(extents))]))
        entry = {"case": case, "optimizer": "muon", "settings": ours, "given": list(ours), "extents": extents}
        results = {name: muon_steps(theirs, extents, dtype) for name, dtype in DTYPES.items()}
        cases.append({**entry, "initial": initial, **results})
    for case, name, ours, kind, theirs in (
        ("muon_vector", "muon", {"lr": 0.02, "adamw_lr": 0.01}, torch.optim.AdamW,
         {"lr": 0.01, "betas": (0.9, 0.95), "eps": 1e-10, "weight_decay": 0.1}),
        ("perceptron", "perceptron", {}, torch.optim.SGD, {"lr": 1.0}),
    ):
        results = {dtype: optimizer_steps(kind, theirs, None, of)[0] for dtype, of in DTYPES.items()}
        cases.append({"case": case, "optimizer": name, "settings": ours, "given": list(ours), **results})
    return cases


def optimizers():
    """100 steps of every optimizer on 17 parameters, one more than a block of lanes."""
    cases = []
    for case, kind, given, lr in optimizer_cases():
        results = {}
        for name, dtype in DTYPES.items():
            results[name], settings = optimizer_steps(kind, given, lr, dtype)
        entry = {"case": case, "optimizer": kind.__name__.lower(), "settings": settings, "given": list(given)}
        if lr is not None:
            entry["lrs"] = [lr(t) for t in range(1, SNAPSHOTS[-1] + 1)]
        cases.append({**entry, **results})
    cases += others()
    return {
        "about": "float32 and float64: parameters after the steps of `snapshots`; settings: every one, defaults filled "
        "in; given: those that were passed; lion and lars: their papers' equations; extents: of a weight (in, out), "
        "flat in our layout, by PyTorch's Muon without its rounding to bfloat16; lrs, where the lr changes: the lr of steps 1..100",
        "formula": "parameter i starts at value(i); its gradient at step t = 1..100 is "
        "((i * 37 + t * 17) % 101) / 50.5 - 1.0, rounded to float32; lrs: lr * (1.0 - (t - 1) / 100.0); " + VALUE,
        "snapshots": list(SNAPSHOTS),
        "initial": flat(single([value(i) for i in range(PARAMETERS)])),
        "cases": cases,
    }


# ---- schedules.json ---------------------------------------------------------------------------------------------

STEPS, WARMUP, BASE_LR = 100, 10, 0.1


def schedule_cases():
    """(case, type, class, settings, may follow a warm-up); lengths in optimizer steps."""
    s = torch.optim.lr_scheduler
    cycle = {"max_lr": 0.1, "total_steps": STEPS, "pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4,
             "anneal_strategy": "cos", "three_phase": False, "cycle_momentum": False}
    three = {"pct_start": 0.4, "div_factor": 10.0, "final_div_factor": 100.0, "three_phase": True}
    wave = {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 15, "step_size_down": 25, "cycle_momentum": False}
    return [
        ("step", "step", s.StepLR, {"step_size": 30, "gamma": 0.1}, True),
        ("multistep", "multistep", s.MultiStepLR, {"milestones": [20, 50, 80], "gamma": 0.5}, True),
        ("exponential", "exponential", s.ExponentialLR, {"gamma": 0.97}, True),
        ("cosine", "cosine", s.CosineAnnealingLR, {"T_max": STEPS, "eta_min": 0.0}, False),
        ("cosine_floor", "cosine", s.CosineAnnealingLR, {"T_max": STEPS, "eta_min": 0.001}, False),
        ("cosine_rest", "cosine", s.CosineAnnealingLR, {"T_max": STEPS - WARMUP, "eta_min": 0.001}, True),
        ("linear_up", "linear", s.LinearLR, {"start_factor": 0.1, "end_factor": 1.0, "total_iters": WARMUP}, False),
        ("linear_down", "linear", s.LinearLR, {"start_factor": 1.0, "end_factor": 0.05, "total_iters": 60}, True),
        ("polynomial", "polynomial", s.PolynomialLR, {"total_iters": 80, "power": 2.0}, True),
        ("polynomial_line", "polynomial", s.PolynomialLR, {"total_iters": STEPS, "power": 1.0}, False),
        ("one_cycle", "one_cycle", s.OneCycleLR, cycle, False),
        ("one_cycle_linear", "one_cycle", s.OneCycleLR, {**cycle, "anneal_strategy": "linear"}, False),
        ("one_cycle_three", "one_cycle", s.OneCycleLR, {**cycle, **three}, False),
        ("cyclic", "cyclic", s.CyclicLR, {**wave, "mode": "triangular"}, False),
        ("cyclic_halving", "cyclic", s.CyclicLR, {**wave, "mode": "triangular2"}, False),
        ("cosine_restarts", "cosine_restarts", s.CosineAnnealingWarmRestarts,
         {"T_0": 25, "T_mult": 1, "eta_min": 0.0}, True),
        ("cosine_restarts_longer", "cosine_restarts", s.CosineAnnealingWarmRestarts,
         {"T_0": 10, "T_mult": 2, "eta_min": 0.001}, True),
    ]


def schedule_lrs(make):
    """The lr, and the momentum, used at steps 0..99 by the scheduler that `make` puts on an optimizer of lr BASE_LR."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE_LR, momentum=0.5)
    scheduler = make(optimizer)
    lrs, momenta = [], []
    for _ in range(STEPS):
        lrs.append(float(optimizer.param_groups[0]["lr"]))
        momenta.append(float(optimizer.param_groups[0]["momentum"]))
        optimizer.step()
        scheduler.step()
    return lrs, momenta


def cycled_cases():
    """Schedules that set the momentum too: (case, type, class, settings)."""
    s = torch.optim.lr_scheduler
    cycle = {"max_lr": 0.1, "total_steps": STEPS, "base_momentum": 0.8, "max_momentum": 0.9}
    wave = {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 15, "step_size_down": 25}
    return [
        ("one_cycle_momentum", "one_cycle", s.OneCycleLR, cycle),
        ("one_cycle_momentum_three", "one_cycle", s.OneCycleLR, {**cycle, "three_phase": True, "anneal_strategy": "linear"}),
        ("cyclic_momentum", "cyclic", s.CyclicLR, {**wave, "mode": "triangular2"}),
        ("cyclic_power", "cyclic", s.CyclicLR, {**wave, "mode": "exp_range", "gamma": 0.98, "max_momentum": 0.95}),
    ]


def plateau(settings, seen):
    """The lr after each of the measures `seen`, one a step, by PyTorch's ReduceLROnPlateau."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE_LR)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
    lrs = []
    for measure in seen:
        optimizer.step()
        scheduler.step(measure)
        lrs.append(float(optimizer.param_groups[0]["lr"]))
    return lrs


def plateaus():
    """ReduceLROnPlateau on a measure that falls, stays and rises."""
    seen = [2.0 / (1 + min(i, 12)) + 0.05 * ((i * 37) % 11) / 11 for i in range(40)]
    cases = []
    for settings in (
        {"factor": 0.5, "patience": 2},
        {"factor": 0.1, "patience": 0, "cooldown": 3, "min_lr": 0.0005},
        {"factor": 0.5, "patience": 1, "threshold": 0.05, "threshold_mode": "abs"},
        {"mode": "max", "factor": 0.3, "patience": 3, "threshold": 0.1},
    ):
        cases.append({"settings": settings, "lrs": plateau(settings, seen)})
    return {"seen": seen, "cases": cases}


def formula_cases():
    """Schedules of Keras and of papers, by their equations: (case, type, settings, lr of step t)."""
    lr, pi = BASE_LR, math.pi

    def restarts(t, period=10, mult=1.5, decay=0.8, lowest=0.001):
        i = 0
        while t >= period:
            t, period, i = t - period, period * mult, i + 1
        return lowest + (lr * decay**i - lowest) * (1 + math.cos(pi * t / period)) / 2

    def wsd(fall):
        return lambda t: 0.001 + (lr - 0.001) * fall(max(t - 70, 0) / 30)

    phases = [
        {"schedule": {"type": "linear", "start_factor": 0.5, "end_factor": 1.0, "total_iters": 20}, "length": 20},
        {"schedule": {"type": "exponential", "gamma": 0.9, "decay_steps": 1}, "length": 30},
        {"schedule": {"type": "cosine", "min_lr": 0.01}},
    ]

    def sequential(t):
        if t < 20:
            return lr * (0.5 + 0.5 * t / 20)
        return lr * 0.9 ** (t - 20) if t < 50 else 0.01 + (lr - 0.01) * (1 + math.cos(pi * (t - 50) / 50)) / 2

    end = {"decay": 30, "min_lr": 0.001}
    rise = {"warmup": 10, "warmup_start": 0.01}
    return [
        ("multistep_values", "multistep", {"boundaries": [10, 60], "values": [0.3, 0.2, 0.05]},
         lambda t: 0.3 if t < 10 else 0.2 if t < 60 else 0.05),
        ("polynomial_floor", "polynomial", {"decay_steps": 80, "power": 0.5, "end_learning_rate": 0.01},
         lambda t: (lr - 0.01) * (1 - min(t, 80) / 80) ** 0.5 + 0.01),
        ("inverse_time", "inverse_time", {"decay_rate": 0.5, "decay_steps": 7}, lambda t: lr / (1 + 0.5 * t / 7)),
        ("inverse_time_stairs", "inverse_time", {"decay_rate": 0.5, "decay_steps": 7, "staircase": True},
         lambda t: lr / (1 + 0.5 * (t // 7))),
        ("inverse_sqrt", "inverse_sqrt", {"warmup": 10, "warmup_start": 0.0},
         lambda t: lr * 10**0.5 * min((t or 1e-99) ** -0.5, t * 10**-1.5)),
        ("cosine_restarts_decay", "cosine_restarts", {"period": 10, "mult": 1.5, "decay": 0.8, "min_lr": 0.001}, restarts),
        ("wsd", "wsd", end, wsd(lambda x: 1 - x)),
        ("wsd_cosine", "wsd", {**end, "decay_type": "cosine"}, wsd(lambda x: (1 + math.cos(pi * x)) / 2)),
        ("wsd_sqrt", "wsd", {**end, "decay_type": "1-sqrt"}, wsd(lambda x: 1 - math.sqrt(x))),
        ("range_test", "range_test", {"min_lr": 1e-6, "max_lr": 10.0}, lambda t: 1e-6 * 1e7 ** (t / 99)),
        ("range_test_linear", "range_test", {"min_lr": 0.01, "mode": "linear"}, lambda t: 0.01 + (lr - 0.01) * t / 99),
        ("sequential", "sequential", {"phases": phases}, sequential),
        ("warmup_exponential", "constant", {**rise, "warmup_type": "exponential"},
         lambda t: lr * (0.01 ** (1 - t / 10) if t < 10 else 1)),
        ("warmup_constant", "constant", {**rise, "warmup_type": "constant"}, lambda t: lr * (0.01 if t < 10 else 1)),
    ]


def after_warmup(kind, settings, total_iters):
    """Ten steps of LinearLR from 1/10, then the schedule from its own step 0."""
    def make(optimizer):
        s = torch.optim.lr_scheduler
        first = s.LinearLR(optimizer, start_factor=1.0 / WARMUP, end_factor=1.0, total_iters=total_iters)
        return s.SequentialLR(optimizer, [first, kind(optimizer, **settings)], milestones=[WARMUP])

    return make


def schedules():
    """Each schedule alone and, where PyTorch can, after a warm-up in both spellings of `n steps`."""
    # SequentialLR calls its second scheduler in a way PyTorch itself warns about.
    warnings.filterwarnings("ignore", message="The epoch parameter in")
    cases = []
    for case, kind, scheduler, settings, follows in schedule_cases():
        entry = {"case": case, "type": kind, "torch": scheduler.__name__, "settings": settings}
        lrs, _ = schedule_lrs(lambda optimizer: scheduler(optimizer, **settings))
        cases.append({**entry, "warmup": None, "lrs": lrs})
        for total_iters in (WARMUP, WARMUP - 1) if follows else ():
            warmup = {"steps": WARMUP, "start_factor": 1.0 / WARMUP, "end_factor": 1.0, "total_iters": total_iters}
            lrs, _ = schedule_lrs(after_warmup(scheduler, settings, total_iters))
            cases.append({**entry, "case": f"{case}_warmup_{total_iters}", "warmup": warmup, "lrs": lrs})
    for case, kind, scheduler, settings in cycled_cases():
        lrs, momenta = schedule_lrs(lambda optimizer: scheduler(optimizer, **settings))
        entry = {"case": case, "type": kind, "torch": scheduler.__name__, "settings": settings, "warmup": None}
        cases.append({**entry, "lrs": lrs, "momenta": momenta})
    for case, kind, settings, rate in formula_cases():
        entry = {"case": case, "type": kind, "torch": None, "settings": settings, "warmup": None}
        cases.append({**entry, "lrs": [rate(t) for t in range(STEPS)]})
    return {
        "about": "lrs[t], momenta[t]: those used at optimizer step t = 0..99 (float64), before scheduler.step(); torch: the "
        "class, or null where the equation of Keras or a paper was taken; plateau: the lr after each measure seen. A warm-up is "
        "SequentialLR([LinearLR, schedule], milestones=[10]): the schedule is at its own step 0 at t = 10",
        "formula": "warm-up, t < 10: base_lr * (1/10 + 9/10 * min(t / total_iters, 1)); total_iters = 9 is "
        "base_lr * (t + 1) / 10, full at t = 9 and again at t = 10; total_iters = 10 is full first at t = 10",
        "base_lr": BASE_LR,
        "cases": cases,
        "plateau": plateaus(),
    }


# ---- training.json ----------------------------------------------------------------------------------------------

ROWS, FEATURES, CLASSES, HIDDEN = 64, 12, 4, 20
SHAPES = {
    "first.weight": (HIDDEN, FEATURES),
    "first.bias": (HIDDEN,),
    "residual.weight": (HIDDEN, HIDDEN),
    "residual.bias": (HIDDEN,),
    "last.weight": (CLASSES, HIDDEN),
    "last.bias": (CLASSES,),
}
FAN_INS = (FEATURES, FEATURES, HIDDEN, HIDDEN, HIDDEN, HIDDEN)


def initial(k, shape, fan_in):
    """Tensor number k: the same formula for weights [out, in] and biases, over the flat index i."""
    numbers = [(((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0) / math.sqrt(fan_in) for i in range(math.prod(shape))]
    return single(numbers).reshape(shape)


def initial_parameters():
    """The six tensors of the network, float32."""
    return [initial(k, shape, FAN_INS[k]) for k, shape in enumerate(SHAPES.values())]


def network(x, parameters):
    """dense 12 -> 20 tanh; h + relu(dense 20 -> 20); dense 20 -> 4."""
    w1, b1, w2, b2, w3, b3 = parameters
    h = torch.tanh(F.linear(x, w1, b1))
    h = h + F.relu(F.linear(h, w2, b2))
    return F.linear(h, w3, b3)


def train(x, target, loss_function, make_optimizer, steps, dtype, penalties, clip):
    """Full-batch training; loss of the data before each update, gradients as clipped and outputs at step 0."""
    parameters = [p.to(dtype).requires_grad_() for p in initial_parameters()]
    optimizer = make_optimizer(parameters)
    result = {"losses": []}
    for step in range(steps):
        outputs = network(x.to(dtype), parameters)
        loss = loss_function(outputs, target.to(dtype) if target.is_floating_point() else target)
        weights = parameters[::2]
        penalty = sum(penalties.get("l1", 0.0) * w.abs().sum() + penalties.get("l2", 0.0) * (w * w).sum() for w in weights)
        optimizer.zero_grad()
        (loss + penalty).backward()
        if "clip_value" in clip:
            torch.nn.utils.clip_grad_value_(parameters, clip["clip_value"])
        if "clip_norm" in clip:
            torch.nn.utils.clip_grad_norm_(parameters, clip["clip_norm"])
        result["losses"].append(loss.item())
        if step == 0:
            result["outputs"] = flat(outputs)
            result["gradients"] = [flat(p.grad) for p in parameters]
        optimizer.step()
    return result


def xor(start, dtype, steps=1000, lr=0.01):
    """Logistic regression on XOR by full-batch gradient descent; loss after 0, 100, ... 1000 updates."""
    x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=dtype)
    y = torch.tensor([[0], [1], [1], [0]], dtype=dtype)
    w, b = (p.to(dtype, copy=True).requires_grad_() for p in start)
    optimizer = torch.optim.SGD([w, b], lr=lr, foreach=False)
    losses = []
    for step in range(steps + 1):
        loss = F.binary_cross_entropy_with_logits(F.linear(x, w, b), y, reduction="sum")
        if step % 100 == 0:
            losses.append(loss.item())
        if step < steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"losses": losses, "weight": flat(w), "bias": flat(b)}


def xor_runs():
    """From zero, a saddle that is the minimum (loss 4 ln 2 for ever), and from the formula, which falls to it."""
    starts = {
        "zero": (torch.zeros(1, 2), torch.zeros(1)),
        "formula": (initial(0, (1, 2), 2), initial(1, (1,), 2)),
    }
    runs = []
    for name, start in starts.items():
        results = {dtype_name: xor(start, dtype) for dtype_name, dtype in DTYPES.items()}
        runs.append({"start": name, "initial_weight": flat(start[0]), "initial_bias": flat(start[1]), **results})
    return runs


def training():
    """Two runs of a small residual network on 64 rows, and logistic regression on XOR."""
    x = single([value(n) for n in range(ROWS * FEATURES)]).reshape(ROWS, FEATURES)
    classes = torch.tensor([(i * 7 + i // 5) % CLASSES for i in range(ROWS)])
    one_hot = F.one_hot(classes, CLASSES).float()
    sgd = {"lr": 0.1, "momentum": 0.9}
    # At lr 0.01 a ReLU's input passes within 2e-7 of zero at step 157, and float32 and float64 part there.
    adamw = {"lr": 0.005, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}
    runs = []
    ce = ("cross_entropy", F.cross_entropy, classes)
    mse = ("mse", F.mse_loss, one_hot)
    for (loss, function, target), name, kind, settings, steps, penalties, clip in (
        (ce, "sgd", torch.optim.SGD, sgd, 200, {}, {}),
        (mse, "adamw", torch.optim.AdamW, adamw, 200, {}, {}),
        (ce, "sgd", torch.optim.SGD, sgd, 100, {"l1": 1e-3, "l2": 5e-3}, {"clip_norm": 0.25}),
        (mse, "sgd", torch.optim.SGD, sgd, 100, {}, {"clip_value": 0.01, "clip_norm": 0.1}),
    ):
        run = {"loss": loss, "reduction": "mean", "penalties": penalties, "optimizer": name, "settings": settings}
        run.update(clip=clip, steps=steps)
        for dtype_name, dtype in list(DTYPES.items())[: 1 if clip else 2]:
            make = lambda p: kind(p, foreach=False, **settings)  # noqa: E731
            run[dtype_name] = train(x, target, function, make, steps, dtype, penalties, clip)
        runs.append(run)
    tensors = zip(SHAPES.items(), FAN_INS, initial_parameters())
    return {
        "about": "full batch, every step on all 64 rows. losses: before each of the 200 updates; outputs (64, 4) and "
        "gradients (one list per tensor, in order, its layout) at step 0. xor: sum over 4 rows, losses after "
        "0, 100, ... 1000 updates, weight and bias after 1000",
        "formula": "x = value(r * 12 + f); class = (i * 7 + i // 5) % 4; mse targets are one-hot; tensor k, flat "
        "index i: (((i * 37 + k * 17 + 11) % 101) / 50.5 - 1.0) / sqrt(fan_in), in float64, rounded to float32 once; "
        "xor: weight is k = 0, bias is k = 1, fan_in = 2; " + VALUE,
        "network": "h = tanh(first x); h = h + relu(residual h); z = last h; a weight is [out, in], y = W x + b",
        "x": flat(x),
        "classes": classes.tolist(),
        "parameters": [
            {"k": k, "name": name, "shape": list(shape), "fan_in": fan_in, "initial": flat(tensor)}
            for k, ((name, shape), fan_in, tensor) in enumerate(tensors)
        ],
        "runs": runs,
        "xor": {
            "x": [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0],
            "targets": [0.0, 1.0, 1.0, 0.0],
            "lr": 0.01,
            "steps": 1000,
            "every": 100,
            "runs": xor_runs(),
        },
    }


# ---- writing ----------------------------------------------------------------------------------------------------


def render(node, indent=""):
    """JSON with one key a line and lists of numbers wrapped at 120 columns."""
    deeper = indent + "  "
    if isinstance(node, dict) and node:
        lines = [f"{deeper}{json.dumps(key)}: {render(child, deeper)}" for key, child in node.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(node, (list, tuple)) and any(isinstance(child, (dict, list, tuple)) for child in node):
        return "[\n" + ",\n".join(deeper + render(child, deeper) for child in node) + f"\n{indent}]"
    if not isinstance(node, (list, tuple)):
        return json.dumps(node, allow_nan=False)
    lines = [""]
    for word in [json.dumps(child, allow_nan=False) for child in node]:
        if lines[-1] and len(deeper) + len(lines[-1]) + len(word) + 2 > 120:
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + word
    if len(lines) == 1:
        return f"[{lines[0]}]"
    return "[\n" + ",\n".join(deeper + line for line in lines) + f"\n{indent}]"


def main():
    """Writes the five files."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for make in (activations, losses, optimizers, schedules, training):
        content = {"torch": torch.__version__.split("+")[0], **make()}
        text = render(content) + "\n"
        assert len(text) < 250_000, f"{make.__name__}.json has {len(text)} bytes"
        (FOLDER / f"{make.__name__}.json").write_text(text, encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
