"""One peer on one workload, in a process of its own: `run.py` starts this and reads a line of JSON.

python measure.py in_torch.epoch mlp --threads 2 --processes 1 --seconds 3
"""

import argparse
import importlib
import json
import multiprocessing
import time


def rate(function, name, threads, seconds, barrier=None):
    """Samples per second, by calls for as many seconds after one to warm up and compile; and what was used."""
    module, function = function.split(".")
    module = importlib.import_module(module)
    call, samples = getattr(module, function)(name, threads)
    call()
    if barrier:
        barrier.wait()
    begin, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - begin < seconds:
        call()
        calls += 1
    return samples * calls / (time.perf_counter() - begin), module.versions()


def child(queue, *arguments):
    queue.put(rate(*arguments))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function")
    parser.add_argument("workload")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    args = parser.parse_args()
    arguments = args.function, args.workload, args.threads, args.seconds
    if args.processes == 1:
        rates = [rate(*arguments)]
    else:
        context = multiprocessing.get_context("spawn")
        queue, barrier = context.Queue(), context.Barrier(args.processes)
        each = [context.Process(target=child, args=(queue, *arguments, barrier)) for _ in range(args.processes)]
        for process in each:
            process.start()
        rates = [queue.get() for _ in each]
    print(json.dumps({"samples_per_second": sum(r for r, _ in rates), "versions": rates[0][1]}))


if __name__ == "__main__":
    main()
