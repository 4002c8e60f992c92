"""Our release binary beside PyTorch, JAX and scikit-learn, on one machine, in turn.

    cargo build --release
    python -m venv V && V/bin/pip install -r benches/peers/requirements.txt
    V/bin/python benches/peers/run.py                    # everything: half an hour
    V/bin/python benches/peers/run.py --only mlp,sweep --rounds 3

Every round measures ours and every peer once, each in a process of its own, so that a slow minute of the machine meets all
of them; the medians of the rounds are printed as a Markdown table with ratios, and everything is kept as JSON. What was
measured before and is not asked for again stays in that file and in the table. Training steps alone are timed: no start, no
compilation, no evaluation. A workload of one trial has all cores for that trial, a sweep one trial per core or all trials
in one batch.
"""

import argparse
import csv
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from products import products as all_products

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

SWEEPS = ["sweep", "tiny"]
SINGLE = ["mlp", "mlpbig", "cnn", "lstm", "mnist1d_cnn", "mnist1d_gru", "vanish"]
THREADS, PROCESSES = ["--threads", str(CORES)], ["--processes", str(CORES)]
# name in the table, function, its options, workloads: all cores are threads of one trial, or processes with trials each
PEERS = [
    ("PyTorch, 1 core", "in_torch.epoch", [], SINGLE + SWEEPS),
    ("PyTorch, all cores", "in_torch.epoch", THREADS, SINGLE),
    ("PyTorch, all cores", "in_torch.epoch", PROCESSES, SWEEPS),
    ("PyTorch, vmap", "in_torch.vmap_epoch", THREADS, SWEEPS),
    ("JAX", "in_jax.epoch", [], SINGLE + SWEEPS),
    ("scikit-learn", "in_sklearn.epoch", THREADS, ["mlp"]),
    ("scikit-learn", "in_sklearn.epoch", PROCESSES, ["sweep"]),
]
OURS = "runner"


# has the C library ask for large pages, as we do for ourselves
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def output(command, threads=1, given=None, large_pages=False):
    """What a process prints that is given this; libraries that read their number of threads from the environment find it there."""
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
    environment = os.environ | {name: str(threads) for name in names} | {"JAX_PLATFORMS": "cpu"}
    environment |= LARGE_PAGES if large_pages else {}
    done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def ours(runner, name):
    """Samples per second of our training steps, from the run's `timing.csv`; None if there is no such workload."""
    file = ROOT / "benches" / "workloads" / f"{name}.toml"
    if not file.exists():
        return None
    jobs, threads = (CORES, 1) if name in SWEEPS else (1, CORES)
    with tempfile.TemporaryDirectory() as out:
        output([runner, file, "--jobs", str(jobs), "--threads", str(threads), "--out", out, "-qq"])
        with open(Path(out) / name / "timing.csv") as table:
            rows = [(float(r["train_seconds"]), float(r["samples_per_second"])) for r in csv.DictReader(table)]
    seconds = sum(s for s, _ in rows)
    return sum(s * rate for s, rate in rows) / (seconds / jobs)


def peer(function, name, options, args):
    threads = options[1] if "--threads" in options else 1
    command = [sys.executable, HERE / "measure.py", function, name, "--seconds", str(args.seconds), *options]
    answer = json.loads(output(command, threads, large_pages=args.large_pages).splitlines()[-1])
    return answer["samples_per_second"], answer["versions"]


def busy():
    """The share of the machine's time that somebody else takes; None where it cannot be told."""
    try:
        read = lambda: [int(x) for x in open("/proc/stat").readline().split()[1:9]]
        shares = []
        for _ in range(3):
            before = read()
            time.sleep(0.3)
            spent = [b - a for a, b in zip(before, read())]
            shares.append(1 - (spent[3] + spent[4]) / max(sum(spent), 1))
        return min(shares)  # what goes on and is no mere moment
    except OSError:
        return None


def workload(args, name, kept):
    def measured(label, value):
        if value is not None:
            kept["rates"].setdefault(label, []).append(value)

    for number in range(args.rounds):
        begin_round(args, name, number, kept)
        measured(OURS, ours(args.runner, name))
        for label, function, options, workloads in PEERS:
            if name in workloads:
                value, versions = peer(function, name, options, args)
                measured(label, value)
                kept["versions"] |= versions


def begin_round(args, name, number, kept):
    print(f"{name}: round {number + 1} of {args.rounds}", file=sys.stderr)
    share = busy()
    kept["busy"].append(share)
    if share and share > 0.05:
        print(f"warning: others use {share:.0%} of this machine: the figures will be wrong", file=sys.stderr)


def products(args, kept):
    peers = [("NumPy (OpenBLAS)", [sys.executable, HERE / "products.py", "numpy"], None)]
    peers.append(("PyTorch (MKL)", [sys.executable, HERE / "products.py", "torch"], None))
    crates = built_crates()
    if crates:
        shapes = "".join(";".join(map(str, product)) + "\n" for product in all_products())
        peers.append(("crate gemm", [crates], shapes))
    for number in range(args.rounds):
        begin_round(args, "products", number, kept)
        for shape, rates in our_products(args.runner).items():
            for label, rate in rates.items():
                kept["rates"].setdefault(shape, {}).setdefault(label, []).append(rate)
        for label, command, given in peers:
            for shape, rate in json.loads(output(command, given=given, large_pages=True)).items():
                kept["rates"].setdefault(shape, {}).setdefault(label, []).append(rate)


def built_crates():
    """The program of `crates`, or None with the reason on stderr."""
    folder = HERE / "crates"
    options = ["--manifest-path", folder / "Cargo.toml", "--target-dir", folder / "target"]
    try:
        build = ["cargo", "build", "--release", "--quiet", *options]
        done = subprocess.run(build, capture_output=True, text=True)
    except OSError as error:
        return print(f"no column of the crate gemm: {error}", file=sys.stderr)
    if done.returncode:
        return print(f"no column of the crate gemm: {done.stderr}", file=sys.stderr)
    return folder / "target" / "release" / "peers"


def our_products(runner):
    """GFLOP/s of our matrix products, and of `matrixmultiply`, by their shapes, from `runner bench`."""
    with tempfile.TemporaryDirectory() as out:
        output([runner, "bench", "--rounds", "3", "--only", "gemm", "--out", out, "-q"])
        with open(Path(out) / "bench" / "report.json") as report:
            measures = [m for m in json.load(report)["measures"] if m["group"] == "gemm"]
    best = measures[0]["with"]
    rates = {}
    for measure in measures:
        if measure["name"].endswith(", near"):
            continue  # the same work without the way to memory: nobody else's is measured like that
        label = f"{OURS}, {best}" if measure["with"] == best else measure["with"]
        if measure["with"] in (best, "matrixmultiply"):
            rates.setdefault(measure["name"], {})[label] = measure["estimate"]["median"]
    return rates


def machine(args):
    model = platform.processor() or platform.machine()
    try:
        lines = open("/proc/cpuinfo").read().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    git = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=ROOT)
    return {
        "cpu": model,
        "cores": CORES,
        "system": platform.platform(),
        "python": platform.python_version(),
        "runner": output([args.runner, "--version"]).strip(),
        "commit": git.stdout.strip(),
    }


def rounded(rate):
    """Three significant digits, with thousands apart."""
    return f"{float(f'{rate:.3g}'):,.0f}"


def medians(rates):
    return {label: statistics.median(values) for label, values in rates.items()}


def workload_table(parts):
    labels = dict.fromkeys([OURS] + [label for label, *_ in PEERS])
    labels = [label for label in labels if any(label in part["rates"] for part in parts.values())]
    print("\nTraining, samples per second\n")
    print("| workload | " + " | ".join(labels) + " | ours / best of them |")
    print("|---" * (len(labels) + 2) + "|")
    for name, part in parts.items():
        rates = medians(part["rates"])
        best = max(rate for label, rate in rates.items() if label != OURS)
        ratio = f"{rates[OURS] / best:.1f}" if OURS in rates else ""
        cells = [rounded(rates[label]) if label in rates else "" for label in labels]
        print(f"| {name} | " + " | ".join(cells) + f" | {ratio} |")


def product_table(part):
    labels = sorted({label for rates in part["rates"].values() for label in rates}, key=lambda label: not label.startswith(OURS))
    print("\nMatrix products on one thread, GFLOP/s\n")
    print("| product | " + " | ".join(labels) + " |")
    print("|---" * (len(labels) + 1) + "|")
    for shape, rates in part["rates"].items():
        rates = medians(rates)
        cells = [f"{rates[label]:.0f}" if label in rates else "" for label in labels]
        print(f"| {shape} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = SINGLE[:2] + SWEEPS + SINGLE[2:] + ["products"]
    parser.add_argument("--only", default=",".join(known), help="some of " + ", ".join(known))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="least time of one measurement of a peer")
    pages = "have glibc ask for large pages in the peers' training, too; in their products it always does"
    parser.add_argument("--large-pages", action="store_true", help=pages)
    parser.add_argument("--runner", type=Path, default=ROOT / "target" / "release" / "runner")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "bench" / "peers.json")
    args = parser.parse_args()
    kept = json.loads(args.out.read_text()) if args.out.exists() else {}
    for name in args.only.split(","):
        if name not in known:
            parser.error(f"no `{name}`; there are {', '.join(known)}")
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        part = {"measured": now, "machine": machine(args), "versions": {}, "busy": [], "rates": {}}
        if name == "products":
            products(args, part)
        else:
            workload(args, name, part)
        kept[name] = part
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(kept, indent=1) + "\n")
    for facts in sorted({json.dumps(part["machine"]) for part in kept.values()}):
        print(", ".join(f"{key} {value}" for key, value in json.loads(facts).items()))
    versions = {key: value for part in kept.values() for key, value in part["versions"].items()}
    print(", ".join(f"{key} {value}" for key, value in versions.items()))
    if any(share and share > 0.05 for part in kept.values() for share in part["busy"]):
        print("warning: the machine was busy with other work: measure again")
    trained = {name: kept[name] for name in known if name in kept and name != "products"}
    if trained:
        workload_table(trained)
    if "products" in kept:
        product_table(kept["products"])


if __name__ == "__main__":
    main()
