# SPDX-License-Identifier: Apache-2.0
"""How long a person waits from Enter to a trained model, in Stoker and in PyTorch, in turns.

    python3 examples/pytorch-parity/whole.py --data /usr/share/datasets/fashion-mnist --work /tmp/whole

--data holds four idx files as MNIST has them, unpacked or not. Stoker's command is `train --input`, which prepares
and trains; PyTorch's is a script that reads the files, keeps the images in memory and trains on all threads. Both
have LeNet-5 with rectified units, batches of 64, one cycle up to a rate of 0.05, momentum and weight decay, and count
the right answers on the test images at the end. With --precision bf16 both multiply in bfloat16, PyTorch by
torch.autocast. PyTorch's fp32 may be the faster one, so measure it too. Needs Python with torch.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "precision"))
import compare

BATCH = 64
RATE = 0.05
WORKERS = 2
LOCAL_STEPS = 10


def read(folder, split):
    """The images and labels of a split as tensors."""
    import numpy
    import torch

    images = numpy.frombuffer(compare.open_idx(folder, split + "-images-idx3-ubyte"), numpy.uint8, offset=16)
    labels = numpy.frombuffer(compare.open_idx(folder, split + "-labels-idx1-ubyte"), numpy.uint8, offset=8)
    return torch.tensor(images).view(len(labels), 1, 28, 28).float() / 255, torch.tensor(labels).long()


def train_in_pytorch(folder, epochs, seed, precision):
    """Trains and prints the accuracy as JSON."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    images, labels = read(folder, "train")
    mean, deviation = images.mean(), images.std()
    images = (images - mean) / deviation
    network = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )
    optimizer = torch.optim.SGD(network.parameters(), RATE, momentum=0.9, weight_decay=0.0005, fused=True)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs * steps, cycle_momentum=False)
    rounded = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for step in range(steps):
            chosen = order[step * BATCH : (step + 1) * BATCH]
            optimizer.zero_grad(set_to_none=True)
            with rounded:
                loss = nn.functional.cross_entropy(network(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
    tests, answers = read(folder, "t10k")
    with torch.inference_mode(), rounded:
        right = (network((tests - mean) / deviation).argmax(1) == answers).float().mean().item()
    print(json.dumps({"accuracy": right}))


def in_pytorch(given, seed):
    command = [sys.executable, __file__, "--data", str(given.data), "--epochs", str(given.epochs)]
    ended = subprocess.run(
        [*command, "--precision", given.precision, "--child", str(seed)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(ended.stdout)["accuracy"]


def in_stoker(given, seed):
    rounds = given.epochs * -(-given.images // (WORKERS * BATCH * LOCAL_STEPS))
    result = compare.stoker(
        *("train", "--input", str(given.data), "--format", "idx", "--data", str(given.work / "shards")),
        *("--run", str(given.work / "run"), "--model", "lenet5-modern", "--epochs", str(given.epochs)),
        *("--workers", str(WORKERS), "--batch", str(BATCH), "--local-steps", str(LOCAL_STEPS)),
        *("--learning-rate", str(RATE), "--schedule", "one-cycle", "--seed", str(seed)),
        *("--precision", given.precision),
        *("--validate-every", str(rounds), "--validation-split", "test"),
    )
    return result["best_validation"]["accuracy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, type=pathlib.Path, help="a folder of idx files")
    parser.add_argument(
        "--work",
        type=pathlib.Path,
        help="a folder of its own: files of earlier runs are deleted",
    )
    parser.add_argument("--epochs", type=int, default=3, help="default: 3")
    parser.add_argument("--runs", type=int, default=3, help="with seeds from 1 on (default: 3)")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="default: fp32")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child is not None:
        train_in_pytorch(given.data, given.epochs, given.child, given.precision)
        return
    if given.work is None:
        parser.error("the following arguments are required: --work")
    given.images = len(compare.open_idx(given.data, "train-labels-idx1-ubyte")) - 8
    given.work.mkdir(parents=True, exist_ok=True)
    print("| seed | framework | accuracy | seconds |\n|---|---|---|---|")
    seconds = {"Stoker": [], "PyTorch": []}
    for seed in range(1, given.runs + 1):
        for framework, train in (("Stoker", in_stoker), ("PyTorch", in_pytorch)):
            for folder in ("shards", "run"):
                shutil.rmtree(given.work / folder, ignore_errors=True)
            start = time.perf_counter()
            accuracy = train(given, seed)
            seconds[framework].append(time.perf_counter() - start)
            print(f"| {seed} | {framework} | {100 * accuracy:.2f} % | {seconds[framework][-1]:.1f} |", flush=True)
    medians = {framework: statistics.median(each) for framework, each in seconds.items()}
    print(f"\nmedians: Stoker {medians['Stoker']:.1f} s, PyTorch {medians['PyTorch']:.1f} s,", end=" ")
    print(f"{medians['Stoker'] / medians['PyTorch']:.2f} of its time on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
