# SPDX-License-Identifier: Apache-2.0
"""Compares Stoker's steps with PyTorch's at its best, on the same processors, in turns.

    python3 examples/pytorch-parity/race.py --model alexnet-single --batch 32
    python3 examples/pytorch-parity/race.py --model resnet-20 --batch 128 --inference --compile

PyTorch is measured in several ways, and the fastest counts: a network a core, each in a process of one
thread with a batch of its own, as Stoker has its workers, and one network on all threads; channels-last;
in bf16 with autocast, or with all parameters in bf16 for inference; its fused SGD; with --compile also
after torch.compile. All of that once in usual pages of memory, and once in pages of 2 MiB, in which
Stoker's launcher has it (an environment variable of glibc). Needs Python with torch, and a built Stoker.
"""
import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import time

import stoker_torch
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
TUNABLES = "GLIBC_TUNABLES"
LAUNCHER = os.environ.get("STOKER", str(ROOT / "stoker"))


def stoker(*arguments):
    """Runs a command; its result is the last line that it prints."""
    done = subprocess.run(
        [LAUNCHER, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"stoker {arguments[0]} ended with exit code {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def step_of(job, way):
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
    """The process of one network; puts the times of its steps."""
    cores = sorted(os.sched_getaffinity(0))
    if way["networks"] > 1:
        os.sched_setaffinity(0, {cores[worker % len(cores)]})
        torch.set_num_threads(1)
    else:
        torch.set_num_threads(len(cores))
    step = step_of(job, way)
    end = time.perf_counter() + job["seconds"] / 3
    for _ in range(2):
        step()
    while time.perf_counter() < end:
        step()
    ready.wait()
    times = []
    end = time.perf_counter() + job["seconds"]
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    results.put(times)


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


def pytorch(job, way, large_pages):
    """Images a second of all networks, by the median step; 0 where PyTorch cannot do it."""
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
    times = []
    for _ in processes:
        while True:
            try:
                times.extend(results.get(timeout=1))
                break
            except multiprocessing.queues.Empty:
                if any(process.exitcode for process in processes):
                    for process in processes:
                        process.terminate()
                    return 0.0
    for process in processes:
        process.join()
    return way["networks"] * job["batch"] / statistics.median(times)


def ways(job, precision, cores, compiled):
    for networks in sorted({cores, 1}, reverse=True):
        for compiling in (False, True) if compiled else (False,):
            whole = ("fp32", "bf16") if job["inference"] and precision == "bf16" else ("fp32",)
            for parameters in whole:
                yield {
                    "networks": networks,
                    "precision": precision,
                    "parameters": parameters,
                    "compiled": compiling,
                }


def name_of(way, cores):
    words = [f"a network a core ({cores})" if way["networks"] > 1 else f"one on {cores} threads"]
    if way["precision"] == "bf16":
        words.append("autocast" if way["parameters"] == "fp32" else "all parameters in bf16")
    if way["compiled"]:
        words.append("compiled")
    return ", ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True, help="a model's name, or a YAML file")
    parser.add_argument("--batch", type=int, default=32, help="of one network (default: 32)")
    parser.add_argument("--classes", type=int, default=10, help="default: 10, as in bench step")
    parser.add_argument("--seconds", type=int, default=8, help="of one measurement (default: 8)")
    parser.add_argument("--precisions", default="fp32,bf16", help="default: %(default)s")
    parser.add_argument("--inference", action="store_true", help="measure prediction")
    parser.add_argument("--compile", action="store_true", help="measure torch.compile as well")
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    shown = stoker("models", given.model, "--classes", str(given.classes))
    job = {
        "tree": shown["model"],
        "batch": given.batch,
        "seconds": given.seconds,
        "inference": given.inference,
    }
    bench = ["bench", "step", "--model", given.model, "--batch", str(given.batch)]
    bench += ["--workers", str(cores), "--seconds", str(given.seconds)]
    bench += ["--classes", str(given.classes), *(["--inference"] if given.inference else [])]
    kind = "inference" if given.inference else "training"
    rows = []
    for precision in given.precisions.split(","):
        before = stoker(*bench, "--precision", precision)["images_per_second"]
        cells = []
        for large_pages in (False, True):
            rates = {}
            for way in ways(job, precision, cores, given.compile):
                rates[name_of(way, cores)] = pytorch(job, way, large_pages)
                kind_of_pages = "large" if large_pages else "usual"
                print(
                    f"{given.model} {precision}: PyTorch in {kind_of_pages} pages {rates},"
                    f" Stoker {before:.1f}",
                    file=sys.stderr,
                )
            cells.append(rates)
        own = (before + stoker(*bench, "--precision", precision)["images_per_second"]) / 2
        row = f"| `{given.model}`, {given.batch}, {kind} | {precision} | {own:,.1f} |"
        for rates in cells:
            best = max(rates, key=rates.get)
            row += f" {rates[best]:,.1f} ({best}) | {own / rates[best]:.2f} |"
        rows.append(row)
    print(f"PyTorch {torch.__version__}, images/s, {cores} processors")
    print("| model, batch | precision | Stoker | PyTorch's best | times as many"
          " | PyTorch's best in large pages | times as many |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
