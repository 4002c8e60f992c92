"""Elementary functions on an array in the first-level cache, one thread: ours on every instruction set, PyTorch, and SLEEF.

    python benches/peers/functions.py            # in the environment of requirements.txt; a few minutes, most of them a build

Every round measures each of them once, in a process of its own; a Markdown table of the medians is printed: cycles for an element
at the clock of the same round, nanoseconds, and the largest error in units of the last place over five million floats of all
magnitudes, where the exact result is no subnormal (there PyTorch and SLEEF may give zero; ours hold their bounds). SLEEF needs gcc and
its header (Debian: libsleef-dev); without them its columns are left out.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

COUNT = 4096
# numbers from -SPREAD to SPREAD
SPREAD = 4.0
NAMES = ["exp", "ln", "tanh", "sigmoid", "silu", "gelu", "gelu, tanh", "sin"]
OURS = ["cargo", "bench", "--quiet", "-p", "kernels", "--bench", "functions", "--"]


def torch_calls(x, y):
    """By their names, into a tensor that is there."""
    import torch

    backend = torch._C._nn  # the functions of `functional` have no `out`
    return {
        "exp": lambda: torch.exp(x, out=y),
        "ln": lambda: torch.log(x, out=y),
        "tanh": lambda: torch.tanh(x, out=y),
        "sigmoid": lambda: torch.sigmoid(x, out=y),
        "silu": lambda: backend.silu(x, out=y),
        "gelu": lambda: backend.gelu(x, out=y),
        "gelu, tanh": lambda: backend.gelu(x, approximate="tanh", out=y),
        "sin": lambda: torch.sin(x, out=y),
    }


def torch_times():
    """PyTorch's part of a round, printed. What a call costs beside its elements is not the function's: it is taken off, in
    PyTorch's favour."""
    import torch
    from products import seconds

    torch.set_num_threads(1)
    torch.manual_seed(0)
    x = SPREAD * (2 * torch.rand(COUNT) - 1)
    call = {name: seconds(f) for name, f in torch_calls(torch.zeros(1), torch.empty(1)).items()}
    each = {name: (seconds(f) - call[name]) / COUNT * 1e9 for name, f in torch_calls(x, torch.empty(COUNT)).items()}
    print(json.dumps({"PyTorch": each}))


def torch_values(name, x):
    import torch

    torch.set_num_threads(1)
    y = torch.empty(len(x))
    torch_calls(torch.from_numpy(x), y)[name]()
    return y.numpy()


def exact(name, x):
    """In double precision."""
    import torch

    x = torch.from_numpy(x).double()
    sigmoid_times = lambda top, z: top * torch.sigmoid(z)
    y = {
        "exp": lambda: torch.exp(x),
        "ln": lambda: torch.log(x),
        "tanh": lambda: torch.tanh(x),
        "sigmoid": lambda: torch.sigmoid(x),
        "silu": lambda: sigmoid_times(x, x),
        "gelu": lambda: 0.5 * x * torch.special.erfc(-x / 2**0.5),
        "gelu, tanh": lambda: sigmoid_times(x, (8 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)),
        "sin": lambda: torch.sin(x),
    }[name]()
    return y.numpy()


def numbers(name):
    """Every 1009th float there is, and a dense grid of what networks compute with."""
    x = np.arange(0, 1 << 32, 1009, dtype=np.uint32).view(np.float32)
    low, high = {"ln": (0, np.inf), "sin": (-1e6, 1e6)}.get(name, (-np.inf, np.inf))
    x = x[np.isfinite(x) & (x >= low) & (x <= high)]
    dense = np.linspace(max(low, -15), 15, 600_000, dtype=np.float32)
    return np.concatenate([x, dense])


def worst(y, want):
    """The largest distance from the exact value, in units of the last place of the float that is nearest to it."""
    with np.errstate(over="ignore", invalid="ignore"):
        near = want.astype(np.float32)
        normal = (np.abs(near) >= np.finfo(np.float32).tiny) & np.isfinite(near)
        y, want, near = y[normal], want[normal], near[normal]
        error = np.abs(y.astype(np.float64) - want) / 2.0 ** (np.frexp(np.abs(near))[1] - 24.0)
    return float(np.max(np.where(np.isfinite(y), error, np.inf)))


def run(command, given=None):
    done = subprocess.run(command, input=given, capture_output=True, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr.decode()}")
    return done.stdout


def sleef(folder):
    """The compiled program, or None with the reason on stderr."""
    if not shutil.which("gcc"):
        return print("no column of SLEEF: there is no gcc", file=sys.stderr)
    program = Path(folder) / "sleef"
    command = ["gcc", "-O3", "-march=native", HERE / "sleef.c", "-o", program, "-lsleef", "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
        return print(f"no column of SLEEF: {why}", file=sys.stderr)
    return program


def measure(rounds, program):
    """Nanoseconds by function and by whom: all rounds' numbers. And the clocks."""
    clocks, times = [], {}
    commands = [(OURS, "runner"), ([sys.executable, __file__, "--torch"], "")]
    if program:
        commands.append(([program], "SLEEF"))
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for command, who in commands:
            answer = json.loads(run(command).splitlines()[-1])
            if "clock" in answer:
                clocks.append(answer.pop("clock"))
            for column, each in answer.items():
                for name, ns in each.items():
                    # SLEEF's looser forms are columns of their own
                    name, _, bound = name.partition(" u")
                    label = " ".join(filter(None, [who, column, f"u{bound}" if bound else ""]))
                    times.setdefault(label, {}).setdefault(name, []).append(ns)
    return clocks, times


def errors(program, labels):
    """By whom and by function."""
    found = {"runner": {}, "PyTorch": {}}
    for name in NAMES:
        x = numbers(name)
        want = exact(name, x)
        values = lambda command: np.frombuffer(run(command, x.tobytes()), np.float32)
        found["runner"][name] = worst(values([*OURS, "eval", name]), want)
        found["PyTorch"][name] = worst(torch_values(name, x), want)
        for form in ["", " u35"] if program else []:
            label = next(label for label in labels if label.startswith("SLEEF"))
            if name in labels[label + form]:
                found.setdefault("SLEEF" + form, {})[name] = worst(values([program, "eval", name + form]), want)
    return found


def table(clock, times, wrong):
    """Whose errors stand behind a group of columns is known by the beginning of their labels and the form at their end."""
    median = {label: {name: statistics.median(ns) for name, ns in each.items()} for label, each in times.items()}
    cell = lambda ns: f"{ns * clock:.2f} ({ns:.3f})" if clock else f"{ns:.3f}"
    ulp = lambda x: f"{x:.2f}" if x < 1000 else f"{x:.0e}"
    best = next(iter(median))
    columns = []
    for who in wrong:
        form = " u35" if who.endswith("u35") else ""
        mine = [label for label in median if label.startswith(who.split()[0]) and label.endswith("u35") == bool(form)]
        for label in mine:
            columns.append((label, lambda name, label=label: cell(median[label][name]) if name in median[label] else ""))
        columns.append(("ULP", lambda name, who=who: ulp(wrong[who][name]) if name in wrong[who] else ""))
    columns.append(("PyTorch / runner", lambda name: f"{median['PyTorch'][name] / median[best][name]:.1f}"))
    print("| function | " + " | ".join(title for title, _ in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in NAMES:
        print(f"| {name} | " + " | ".join(of(name) for _, of in columns) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.torch:
        return torch_times()
    import torch

    with tempfile.TemporaryDirectory() as folder:
        program = sleef(folder)
        clocks, times = measure(args.rounds, program)
        wrong = errors(program, times)
    clock = statistics.median(clocks) if clocks else None
    unit = f"cycles for an element at {clock:.2f} GHz (and ns)" if clock else "ns for an element"
    print(f"{platform.machine()}, PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}); {unit}\n")
    table(clock, times, wrong)


if __name__ == "__main__":
    main()
