"""The workloads in PyTorch: tensors on hand, rows gathered by a permutation, fused optimizers, gradients set to none."""

import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.optim import SGD, Adam

from workloads import ALL, RATES


def perceptron(*widths, activation=nn.ReLU):
    layers = []
    for inputs, units in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, units), activation()]
    return nn.Sequential(*layers[:-1])


def sgd(model, lr, momentum=0.0):
    return SGD(model.parameters(), lr, momentum, fused=True)


def adam(model, lr):
    return Adam(model.parameters(), lr, fused=True)


def mlp():
    model = perceptron(784, 256, 128, 10)
    return model, sgd(model, 0.01, 0.9)


def mlpbig():
    model = perceptron(784, 1024, 1024, 10)
    return model, adam(model, 0.001)


def sweep():
    model = perceptron(64, 64, 10)
    return model, sgd(model, 0.1)


def tiny():
    model = perceptron(2, 16, 16, 1, activation=nn.Tanh)
    return model, sgd(model, 0.05)


def cnn():
    model = nn.Sequential(
        *(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)),
    )
    return model, sgd(model, 0.01, 0.9)


class LastState(nn.Module):
    """An LSTM whose last state is read out."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(2, 64, batch_first=True)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


def lstm():
    model = LastState()
    return model, adam(model, 0.001)


def mnist1d_cnn():
    model = nn.Sequential(
        *(nn.Conv1d(1, 25, 5, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv1d(25, 25, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Conv1d(25, 25, 3, stride=2, padding=1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(125, 10)),
    )
    return model, adam(model, 0.01)


class AllStates(nn.Module):
    """A bidirectional GRU all of whose states are read out."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 6, batch_first=True, bidirectional=True)
        self.out = nn.Linear(40 * 12, 10)

    def forward(self, x):
        return self.out(self.gru(x)[0].flatten(1))


def mnist1d_gru():
    model = AllStates()
    return model, adam(model, 0.01)


def vanish():
    model = perceptron(64, *[64] * 60, 10, activation=nn.Sigmoid)
    return model, sgd(model, 0.1)


def loss_of(workload):
    return nn.functional.cross_entropy if workload.classes else nn.functional.mse_loss


def epoch(name, threads):
    """A function that trains an epoch of one trial, or twenty of full batches, and the samples it takes."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    workload = ALL[name]
    x, y = map(torch.from_numpy, workload.data())
    loss_of_batch = loss_of(workload)
    model, optimizer = globals()[name]()
    if x.dim() == 4:  # the faster layout for convolutions
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    # a full batch has no order, and is an epoch of its own
    full = workload.batch == workload.rows

    def batches():
        if full:
            return [slice(None)] * 20
        return torch.randperm(workload.rows)[: workload.samples].split(workload.batch)

    def run():
        for rows in batches():
            optimizer.zero_grad(set_to_none=True)
            loss_of_batch(model(x[rows]), y[rows]).backward()
            optimizer.step()

    return run, workload.samples * (20 if full else 1)


def vmap_epoch(name, threads):
    """The same for all trials of a sweep at once, their weights stacked: what a patient user of PyTorch writes."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    workload = ALL[name]
    x, y = map(torch.from_numpy, workload.data())
    loss_of_batch = loss_of(workload)
    models = [globals()[name]()[0] for _ in range(workload.trials)]
    params, _ = stack_module_state(models)
    params = {key: value.detach() for key, value in params.items()}
    skeleton = models[0]
    full = workload.batch == workload.rows
    rates = torch.full((workload.trials,), 0.05) if full else torch.tensor(RATES, dtype=torch.float32)
    shaped = {key: rates.view(-1, *[1] * (value.dim() - 1)) for key, value in params.items()}

    def loss(params, x, y):
        return loss_of_batch(functional_call(skeleton, params, (x,)), y)

    shared = None if full else 0
    slope = vmap(grad(loss), in_dims=(0, shared, shared))

    def batches():
        if full:
            return [slice(None)] * 20
        order = torch.rand(workload.trials, workload.rows).argsort(1)
        return order[:, : workload.samples].split(workload.batch, dim=1)

    def run():
        for rows in batches():
            slopes = slope(params, x[rows], y[rows])
            for key, value in params.items():
                value.addcmul_(slopes[key], shaped[key], value=-1)

    return run, workload.trials * workload.samples * (20 if full else 1)


def versions():
    return {"torch": torch.__version__}
