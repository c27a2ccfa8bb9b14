# SPDX-License-Identifier: Apache-2.0
"""Trains resnet-20 in Stoker and in PyTorch on the same images with the same recipe.

    python3 examples/pytorch-parity/train.py --data /usr/share/datasets/fashion-mnist --work /tmp/train

--data holds four idx files as MNIST has them; Fashion-MNIST is Debian's package dataset-fashion-mnist.
Two workers of Stoker that average after each step are one batch of twice the size, which PyTorch takes.
Both see each training image once an epoch, in an order of their own, as it is. Needs Python with torch.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import sys
import time

import stoker_torch
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "precision"))
import compare

MODEL = "resnet-20"
RATE, MOMENTUM, DECAY = 0.1, 0.9, 0.0001


def images_of(folder, split, count):
    """The first images of a split, [count, 1, height, width] from 0 to 255, and their labels."""
    pixels = compare.open_idx(folder, split + "-images-idx3-ubyte")
    labels = compare.open_idx(folder, split + "-labels-idx1-ubyte")
    height, width = (int.from_bytes(pixels[at : at + 4], "big") for at in (8, 12))
    values = torch.frombuffer(bytearray(pixels[16 : 16 + count * height * width]), dtype=torch.uint8)
    chosen = torch.frombuffer(bytearray(labels[8 : 8 + count]), dtype=torch.uint8)
    return values.view(count, 1, height, width).float(), chosen.long()


def network_of(tree, seed):
    """The model with first weights of its own rules."""
    torch.manual_seed(seed)
    network = stoker_torch.Network(tree)
    return network.to(memory_format=torch.channels_last)


def in_pytorch(tree, given, seed):
    images, labels = images_of(given.data, "train", given.images)
    mean, deviation = images.mean(), images.std()
    images = (images - mean) / deviation
    network = network_of(tree, seed)
    weights = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": DECAY}, {"params": others}],
        lr=RATE,
        momentum=MOMENTUM,
        fused=True,
    )
    batch = 2 * given.batch
    steps = given.epochs * (len(images) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    start = time.perf_counter()
    network.train()
    for _ in range(given.epochs):
        order = torch.randperm(len(images))
        for first in range(0, len(images) - batch + 1, batch):
            chosen = order[first : first + batch]
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(network(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - start
    network.eval()
    tests, answers = images_of(given.data, "t10k", given.tests)
    tests = (tests - mean) / deviation
    with torch.inference_mode():
        scores = torch.cat([network(part) for part in tests.split(500)])
    return {
        "accuracy": (scores.argmax(1) == answers).float().mean().item(),
        "loss": torch.nn.functional.cross_entropy(scores, answers).item(),
        "seconds": seconds,
    }


def in_stoker(given, seed):
    shards = given.work / f"shards-{given.images}"
    if not (shards / "manifest.json").exists():
        raw = given.work / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        compare.cut(given.data, raw, given.images, given.tests)
        compare.stoker("prepare", "--input", str(raw), "--format", "idx", "--output", str(shards))
    run = given.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    rounds = given.epochs * -(-given.images // (2 * given.batch))
    result = compare.stoker(
        *("train", "--data", str(shards), "--run", str(run), "--model", MODEL),
        *("--workers", "2", "--batch", str(given.batch), "--local-steps", "1"),
        *("--epochs", str(given.epochs), "--learning-rate", str(RATE), "--schedule", "cosine"),
        *("--momentum", str(MOMENTUM), "--weight-decay", str(DECAY), "--seed", str(seed)),
        *("--validate-every", str(rounds), "--validation-split", "test"),
    )
    best = result["best_validation"]
    return {"accuracy": best["accuracy"], "loss": best["log_loss"], "seconds": result["seconds"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, type=pathlib.Path, help="a folder of idx files")
    parser.add_argument(
        "--work",
        required=True,
        type=pathlib.Path,
        help="a folder of its own: files of earlier runs are deleted",
    )
    parser.add_argument("--images", type=int, default=12000, help="default: 12000")
    parser.add_argument("--tests", type=int, default=10000, help="default: 10000")
    parser.add_argument("--epochs", type=int, default=5, help="default: 5")
    parser.add_argument("--batch", type=int, default=64, help="of a worker (default: 64)")
    parser.add_argument("--seeds", type=int, default=3, help="default: 3")
    parser.add_argument("--threads", type=int, default=0, help="of PyTorch (default: all)")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    given.work.mkdir(parents=True, exist_ok=True)
    tree = compare.stoker("models", MODEL)["model"]
    tree["input"] = [28, 28, 1]
    results = {"Stoker": [], "PyTorch": []}
    for seed in range(1, given.seeds + 1):
        results["Stoker"].append(in_stoker(given, seed))
        results["PyTorch"].append(in_pytorch(tree, given, seed))
        print(json.dumps({name: found[-1] for name, found in results.items()}), file=sys.stderr)
    print("| | accuracy of each seed | mean | loss, mean |")
    print("|---|---|---|---|")
    for name, found in results.items():
        accuracies = [100 * each["accuracy"] for each in found]
        each = ", ".join(f"{accuracy:.2f} %" for accuracy in accuracies)
        loss = statistics.mean(one["loss"] for one in found)
        print(f"| {name} | {each} | {statistics.mean(accuracies):.2f} % | {loss:.4f} |")


if __name__ == "__main__":
    main()
