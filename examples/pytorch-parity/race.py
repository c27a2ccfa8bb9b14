# SPDX-License-Identifier: Apache-2.0
"""Compares Stoker's steps with others at their best, on the same processors, in turns.

    python3 examples/pytorch-parity/race.py --model alexnet-single --batch 32
    python3 examples/pytorch-parity/race.py --model resnet-18 --inference --batch 1,8,32 --precisions fp32,bf16,int8

Training is compared with PyTorch, inference also with ONNX Runtime and OpenVINO where they are installed
(runtimes.py). Each is measured in several ways, and the fastest counts: a network a core, each in a process
of one thread with a batch of its own, as Stoker has its workers, and one network on all threads. PyTorch is
measured channels-last; in bf16 with autocast, or with all parameters in bf16 for inference; with its fused
SGD; with --compile also after torch.compile. All of that once in usual pages of memory, and once in pages of
2 MiB, in which Stoker's launcher has it (an environment variable of glibc). Needs Python with torch, and a
built Stoker.
"""
import argparse
import contextlib
import json
import math
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import runtimes
import stoker_torch
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
TUNABLES = "GLIBC_TUNABLES"
PYTORCH = "PyTorch"
MEASURES = {
    "images_per_second": "images/s of all processors",
    "images_per_processor_second": "images/s of processor time",
    "step_milliseconds": "ms a step, median",
    "slow_step_milliseconds": "ms a step, 99 % within",
}
LAUNCHER = os.environ.get("STOKER", str(ROOT / "stoker"))


def stoker(*arguments):
    """Runs a command; its result is the last line that it prints."""
    done = subprocess.run(
        [LAUNCHER, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"stoker {arguments[0]} ended with exit code {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def step_of(job, way, _):
    """One step of a network, as a function."""
    torch.manual_seed(1)
    network = stoker_torch.Network(job["tree"])
    half = way["precision"] == "bf16"
    whole = half and way["parameters"] == "bf16"
    network = network.to(memory_format=torch.channels_last)
    images = torch.randn(job["batch"], *network.input).to(memory_format=torch.channels_last)
    labels = torch.randint(0, network.classes, (job["batch"],))
    if whole:
        network, images = network.bfloat16(), images.bfloat16()
    forward = torch.compile(network) if way["compiled"] else network
    autocast = contextlib.nullcontext
    if half and not whole:
        autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16)
    if job["inference"]:
        network.eval()

        def predict():
            with torch.inference_mode(), autocast():
                torch.softmax(forward(images).float(), 1)

        return predict
    network.train()
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.001, momentum=0.9, weight_decay=0.0005, fused=True
    )

    def train():
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = torch.nn.functional.cross_entropy(forward(images).float(), labels)
        loss.backward()
        optimizer.step()

    return train


def run_network(job, way, worker, ready, results):
    """The process of one network; puts the times of its steps, and what processor time they took."""
    cores = sorted(os.sched_getaffinity(0))
    if way["networks"] > 1:
        os.sched_setaffinity(0, {cores[worker % len(cores)]})
    threads = 1 if way["networks"] > 1 else len(cores)
    torch.set_num_threads(threads)
    make = step_of if way["engine"] == PYTORCH else runtimes.step_of
    step = make(job, way, threads)
    end = time.perf_counter() + job["seconds"] / 3
    for _ in range(2):
        step()
    while time.perf_counter() < end:
        step()
    ready.wait()
    times = []
    before = time.process_time()
    end = time.perf_counter() + job["seconds"]
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    results.put((times, time.process_time() - before))


@contextlib.contextmanager
def pages(large):
    """Has processes that start meanwhile take memory in large pages, or not."""
    before = os.environ.get(TUNABLES)
    os.environ[TUNABLES] = f"glibc.malloc.hugetlb={int(large)}"
    try:
        yield
    finally:
        del os.environ[TUNABLES]
        if before is not None:
            os.environ[TUNABLES] = before


def measured(job, way, large_pages):
    """What bench step says of Stoker, of all networks together; None where the engine cannot do it."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(way["networks"])
    results = context.Queue()
    processes = [
        context.Process(target=run_network, args=(job, way, worker, ready, results))
        for worker in range(way["networks"])
    ]
    with pages(large_pages):
        for process in processes:
            process.start()
    times, processor_seconds = [], 0
    for _ in processes:
        while True:
            try:
                steps, seconds = results.get(timeout=1)
                times.extend(steps)
                processor_seconds += seconds
                break
            except multiprocessing.queues.Empty:
                if any(process.exitcode for process in processes):
                    for process in processes:
                        process.terminate()
                    return None
    for process in processes:
        process.join()
    median = statistics.median(times)
    return {
        "images_per_second": way["networks"] * job["batch"] / median,
        "images_per_processor_second": job["batch"] * len(times) / processor_seconds,
        "step_milliseconds": 1e3 * median,
        "slow_step_milliseconds": 1e3 * sorted(times)[math.ceil(0.99 * len(times)) - 1],
    }


def ways(job, precision, cores, compiled):
    """All ways of all engines: parameters are what PyTorch keeps, or what is left in OpenVINO's int8."""
    choices = []
    if precision != "int8":
        for parameters in ("fp32", "bf16") if job["inference"] and precision == "bf16" else ("fp32",):
            choices += [(PYTORCH, parameters, c) for c in ((False, True) if compiled else (False,))]
    for engine in job["runtimes"]:
        if precision in runtimes.PRECISIONS[engine]:
            more = engine == "OpenVINO" and precision == "int8"
            choices += [(engine, rest, False) for rest in (("fp32", "bf16") if more else ("fp32",))]
    for networks in sorted({cores, 1}, reverse=True):
        for engine, parameters, compiling in choices:
            yield {
                "engine": engine,
                "networks": networks,
                "precision": precision,
                "parameters": parameters,
                "compiled": compiling,
            }


def name_of(way, cores):
    words = [way["engine"]]
    words += [f"a network a core ({cores})" if way["networks"] > 1 else f"one on {cores} threads"]
    if way["engine"] == PYTORCH and way["precision"] == "bf16":
        words.append("autocast" if way["parameters"] == "fp32" else "all parameters in bf16")
    elif way["parameters"] == "bf16":
        words.append("the rest in bf16")
    if way["compiled"]:
        words.append("compiled")
    return ", ".join(words)


def race(job, bench, precision, cores, given):
    """Runs all in turns. For each kind of pages: Stoker's runs, and the runs of each way by its name."""
    result = {kind: ([], {}) for kind in given.pages.split(",")}
    for run in range(given.runs):
        for kind, (own, others) in result.items():
            shown = stoker(*bench, "--precision", precision)
            own.append({measure: shown[measure] for measure in MEASURES})
            for way in ways(job, precision, cores, given.compile):
                found = measured(job, way, kind == "large")
                if found is not None:
                    others.setdefault(name_of(way, cores), []).append(found)
                said = {"run": run, "batch": job["batch"], "precision": precision, "pages": kind}
                said |= {"way": name_of(way, cores), "found": found, "stoker": own[-1]}
                print(json.dumps(said), file=sys.stderr, flush=True)
    return result


def spread(values, digits):
    """The median, with the least and the most of several runs."""
    text = f"{statistics.median(values):,.{digits}f}"
    return text if len(values) < 2 else f"{text} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def row_of(measure, own, others):
    """Stoker, the best way of others, and how many times as good Stoker is, run by run."""
    grows = measure.startswith("images")
    mine = [each[measure] for each in own]
    medians = {
        name: statistics.median(each[measure] for each in runs)
        for name, runs in others.items()
        if len(runs) == len(own)
    }
    if not medians:
        return f" {spread(mine, 1)} | | |"
    best = (max if grows else min)(medians, key=medians.get)
    theirs = [each[measure] for each in others[best]]
    ratios = [a / b if grows else b / a for a, b in zip(mine, theirs)]
    digits = 1 if grows else 2
    return f" {spread(mine, digits)} | {spread(theirs, digits)}: {best} | {spread(ratios, 2)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="a model's name, or a YAML file")
    parser.add_argument("--batch", default="32", help="of one network, or several: 1,8,32 (default: 32)")
    parser.add_argument("--classes", type=int, default=10, help="default: 10, as in bench step")
    parser.add_argument("--seconds", type=int, default=8, help="of one measurement (default: 8)")
    parser.add_argument("--runs", type=int, default=3, help="all in turns, so often (default: 3)")
    parser.add_argument("--precisions", default="fp32,bf16", help="default: %(default)s")
    parser.add_argument("--pages", default="usual,large", help="default: %(default)s")
    parser.add_argument("--inference", action="store_true", help="measure prediction")
    parser.add_argument("--compile", action="store_true", help="measure torch.compile as well")
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    shown = stoker("models", given.model, "--classes", str(given.classes))
    job = {
        "tree": shown["model"],
        "seconds": given.seconds,
        "inference": given.inference,
        "precisions": given.precisions.split(","),
        "runtimes": runtimes.installed() if given.inference else [],
    }
    bench = ["bench", "step", "--model", given.model, "--classes", str(given.classes)]
    bench += ["--workers", str(cores), "--seconds", str(given.seconds)]
    bench += ["--inference"] if given.inference else []
    rows = {measure: [] for measure in MEASURES}
    for batch in given.batch.split(","):
        with tempfile.TemporaryDirectory() as folder:
            job |= {"batch": int(batch), "folder": folder}
            if job["runtimes"]:
                runtimes.export(job, folder)
            for precision in job["precisions"]:
                found = race(job, [*bench, "--batch", batch], precision, cores, given)
                for kind, (own, others) in found.items():
                    for measure, lines in rows.items():
                        start = f"| `{given.model}`, {batch} | {precision} | {kind} |"
                        lines.append(start + row_of(measure, own, others))
    others = ", ".join([f"PyTorch {torch.__version__}", *map(runtimes.version, job["runtimes"])])
    print(f"{'Inference' if given.inference else 'Training'}, {cores} processors, beside {others};"
          + (f" median of {given.runs} runs (least to most)" if given.runs > 1 else " one run"))
    for measure, lines in rows.items():
        print(f"\n| {MEASURES[measure]} | precision | their pages | Stoker | the others' best"
              " | times as good |")
        print("|---|---|---|---|---|---|")
        print("\n".join(lines))


if __name__ == "__main__":
    main()
