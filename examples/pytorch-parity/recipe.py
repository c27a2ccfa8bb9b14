# SPDX-License-Identifier: Apache-2.0
"""Trains a net with a recipe in Stoker and in PyTorch, and what each element of the recipe brings.

    python3 examples/pytorch-parity/recipe.py --data /usr/share/datasets/fashion-mnist --work /tmp/recipe
    python3 examples/pytorch-parity/recipe.py --data FOLDER --work /tmp/recipe --rows all,fast --seeds 3
    python3 examples/pytorch-parity/recipe.py --data FOLDER --work /tmp/recipe --rows all --workers 1,2,8

--data holds four idx files as MNIST has them; Fashion-MNIST is Debian's package dataset-fashion-mnist.
Each row of the table adds an element to the row before. A preset's name is a row with that preset, the path of a
recipe (.yaml, for which PyYAML is needed) one with that recipe.
PyTorch trains one network with the batch of all workers, on all threads, and has its own implementations
of everything: torch.optim, its schedules, swa_utils, and torchvision's random erasing. Each run adds a line
to WORK/results-IMAGES.jsonl and is not repeated, so that the script may be stopped and started again. Needs Python
with torch and torchvision.
"""
import argparse
import json
import math
import pathlib
import shutil
import statistics
import sys
import time

import stoker_torch
import torch
import train
from torch.optim import swa_utils
from torchvision.transforms import v2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "precision"))
import compare

# What each row adds to the options of the row before.
ELEMENTS = {
    "baseline": {"schedule": "constant", "learning-rate": 0.01, "momentum": 0.9, "weight-decay": 0.0005},
    "one-cycle": {"schedule": "one-cycle", "learning-rate": 0.05},
    "nesterov": {"nesterov": True},
    "flip": {"augment": ["flip"]},
    "smoothing": {"label-smoothing": 0.05},
    "all": {"ema": 0.999},
}


def rows(base):
    """The options of each row."""
    options = dict(base)
    for name, added in ELEMENTS.items():
        options = {**options, **added}
        yield name, options


def moved(images, pixels, border):
    """Each image moved by up to so many whole pixels, with black or its mirror image where it is uncovered."""
    count, _, height, width = images.shape
    mode = "reflect" if border == "reflect" else "constant"
    padded = torch.nn.functional.pad(images, (pixels,) * 4, mode)
    down = torch.randint(2 * pixels + 1, (count, 1)) + torch.arange(height)
    across = torch.randint(2 * pixels + 1, (count, 1)) + torch.arange(width)
    return padded[torch.arange(count)[:, None, None], :, down[:, :, None], across[:, None, :]].permute(
        0, 3, 1, 2
    )


def augmented(images, augment, mean, side):
    """side: whether each image is flipped, where flips alternate from epoch to epoch."""
    for each in augment:
        name, _, value = each.partition("=")
        if name == "flip":
            chosen = side if value == "alternate" else torch.rand(len(images)) < 0.5
            images = torch.where(chosen[:, None, None, None], images.flip(3), images)
        elif name in ("shift", "crop"):
            pixels, _, border = value.partition(":")
            images = moved(images, int(pixels or (2 if name == "shift" else 4)), border)
        elif name == "erase":
            fields = dict(part.split("=") for part in value.split(":") if "=" in part)
            low, high = (float(x) for x in fields.get("area", "0.02-0.33").split("-"))
            erase = v2.RandomErasing(float(fields.get("p", 0.5)), (low, high), value=mean)
            images = torch.stack([erase(image) for image in images])
        else:
            sys.exit(f"PyTorch's side does not know {each}")
    return images


def schedule_of(options, optimizer, steps):
    kind = options.get("schedule", "one-cycle")
    rate = options["learning-rate"]
    rise = options.get("warm-up", 0) / options["epochs"]
    if kind == "one-cycle":
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, rate, steps, pct_start=rise or 0.3, cycle_momentum=False
        )
    warm = max(1, round(rise * steps))
    falls = {
        "constant": lambda part: 1,
        "linear": lambda part: 1 - part,
        "cosine": lambda part: (1 + math.cos(math.pi * part)) / 2,
    }[kind]
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: falls(step / steps) * min(1, (step + 1) / warm if rise else 1)
    )


def grey(tree):
    """The model for grey images, of which patches to whiten are of 3 x 3 pixels."""
    first = tree["layers"][0]
    if "conv" in first and first["conv"]["weights"] == "whiten":
        first["conv"].update(kernel=3, filters=18)
    return {**tree, "input": [28, 28, 1]}


def begin(tree, network, images):
    """The first weights of airbench: convolutions that hand channels on, and a frozen one that whitens patches."""
    kinds = [layer["conv"]["weights"] for layer in tree["layers"] if "conv" in layer]
    if "whiten" not in kinds:
        return
    convolutions = [each for each in network.modules() if isinstance(each, torch.nn.Conv2d)]
    for kind, convolution in zip(kinds, convolutions, strict=True):
        if kind == "dirac":
            convolution.reset_parameters()
            torch.nn.init.dirac_(convolution.weight.data[: convolution.in_channels])
        elif kind == "whiten":
            patches = torch.nn.functional.unfold(images[:5000], convolution.kernel_size)
            values, vectors = torch.linalg.eigh(torch.cov(patches.transpose(0, 1).flatten(1)))
            filters = (vectors / (values + 5e-4).sqrt()).T.flip(0).reshape(len(values), *convolution.weight.shape[1:])
            convolution.weight.data[:] = torch.cat([filters, -filters])
            torch.nn.init.zeros_(convolution.bias)
            convolution.weight.requires_grad_(False)


def averaging(decay):
    """As swa_utils.get_ema_multi_avg_fn, with a decay that rises as Stoker's does."""

    def average(means, values, count):
        now = min(decay, float(count) / (float(count) + 9))
        for mean, value in zip(means, values):
            mean.lerp_(value, 1 - now) if mean.is_floating_point() else mean.copy_(value)

    return average


def in_pytorch(tree, options, given, seed):
    start = time.perf_counter()
    images, labels = train.images_of(given.data, "train", given.images)
    mean, deviation = images.mean(), images.std()
    network = train.network_of(tree, seed)
    begin(tree, network, (images[:5000] - mean) / deviation)
    weights = [p for p in network.parameters() if p.dim() > 1 and p.requires_grad]
    others = [p for p in network.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": options.get("weight-decay", 0.0005)}, {"params": others}],
        lr=options["learning-rate"],
        momentum=options.get("momentum", 0.9),
        nesterov=options.get("nesterov", False),
        fused=True,
    )
    batch = options["workers"] * options["batch"]
    steps = options["epochs"] * (len(images) // batch)
    schedule = schedule_of(options, optimizer, steps)
    decay = options.get("ema", 0)
    averaged = swa_utils.AveragedModel(network, multi_avg_fn=averaging(decay), use_buffers=True)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=options.get("label-smoothing", 0))
    bf16 = options.get("precision") == "bf16"
    network.train()
    sides = torch.rand(len(images)) < 0.5
    for epoch in range(options["epochs"]):
        order = torch.randperm(len(images))
        for first in range(0, len(images) - batch + 1, batch):
            chosen = order[first : first + batch]
            inputs = augmented(
                images[chosen], options.get("augment", []), mean.item(), sides[chosen] ^ bool(epoch % 2)
            )
            inputs = ((inputs - mean) / deviation).contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                loss = loss_of(network(inputs).float(), labels[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
            if decay:
                averaged.update_parameters(network)
    seconds = time.perf_counter() - start
    tests, answers = train.images_of(given.data, "t10k", given.tests)
    tests = (tests - mean) / deviation
    if decay:
        # A copy of a stoker_torch.Network has parameters of its own, and computes with the original's.
        network.load_state_dict(averaged.module.state_dict())
    network.eval()
    with torch.inference_mode():
        scores = torch.cat([probabilities(network, part, options) for part in tests.split(500)])
    return {"accuracy": (scores.argmax(1) == answers).float().mean().item(), "seconds": seconds}


def probabilities(network, images, options):
    views = [images, images.flip(3)] if options.get("tta") == "flip" else [images]
    return sum(network(view).softmax(1) for view in views)


def in_stoker(options, given, seed):
    start = time.perf_counter()
    run = given.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    arguments = []
    for name, value in options.items():
        if value is True:
            arguments.append("--" + name)
        elif value is not False:
            arguments += ["--" + name, ",".join(value) if isinstance(value, list) else str(value)]
    steps = -(-given.images // (options["workers"] * options["batch"]))
    rounds = options["epochs"] * -(-steps // options["local-steps"])
    result = compare.stoker(
        *("train", "--data", str(given.shards), "--run", str(run), "--seed", str(seed)),
        *("--validate-every", str(rounds), "--validation-split", "test", *arguments),
    )
    seconds = time.perf_counter() - start
    return {"accuracy": result["best_validation"]["accuracy"], "seconds": seconds}


def cases(given):
    """Each row's name, options and number of workers."""
    presets = {each["name"]: each["recipe"] for each in compare.stoker("presets")["presets"]}
    base = {"model": given.model, "batch": 64, "local-steps": 10, "epochs": given.epochs}
    elements = dict(rows(base))
    for name in given.rows.split(","):
        if name in elements:
            for workers in given.workers.split(","):
                yield name, {**elements[name], "workers": int(workers)}
        else:
            yield name, presets[name] if name in presets else recipe(pathlib.Path(name))


def recipe(file):
    """The options of a recipe, as presets have them."""
    import yaml

    options = yaml.safe_load(file.read_text())
    options["augment"] = options.pop("augmentations", [])
    return options


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, type=pathlib.Path, help="a folder of idx files")
    parser.add_argument(
        "--work",
        required=True,
        type=pathlib.Path,
        help="a folder of its own: files of earlier runs are deleted",
    )
    parser.add_argument("--model", default="lenet5-modern", help="of elements (default: lenet5-modern)")
    parser.add_argument("--epochs", type=int, default=10, help="of elements (default: 10)")
    parser.add_argument("--rows", default=",".join(ELEMENTS), help="default: all elements")
    parser.add_argument("--workers", default="2", help="numbers of workers of elements (default: 2)")
    parser.add_argument("--frameworks", default="Stoker,PyTorch", help="default: Stoker,PyTorch")
    parser.add_argument("--images", type=int, default=60000, help="of training (default: 60000)")
    parser.add_argument("--tests", type=int, default=10000, help="default: 10000")
    parser.add_argument("--seeds", type=int, default=3, help="default: 3")
    parser.add_argument("--threads", type=int, default=0, help="of PyTorch (default: all)")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    given.work.mkdir(parents=True, exist_ok=True)
    given.shards = given.work / f"shards-{given.images}"
    if not (given.shards / "manifest.json").exists():
        raw = given.work / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        compare.cut(given.data, raw, given.images, given.tests)
        compare.stoker("prepare", "--input", str(raw), "--format", "idx", "--output", str(given.shards))
    log = given.work / f"results-{given.images}.jsonl"
    done = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        entry = json.loads(line)
        done[json.dumps(entry["key"])] = entry
    print("| row | workers | framework | accuracy | seconds |\n|---|---|---|---|---|")
    for name, options in cases(given):
        for framework in given.frameworks.split(","):
            found = []
            for seed in range(1, given.seeds + 1):
                key = [framework, options, seed]
                if json.dumps(key) not in done:
                    if framework == "Stoker":
                        result = in_stoker(options, given, seed)
                    else:
                        tree = compare.stoker("models", options["model"])["model"]
                        result = in_pytorch(grey(tree), options, given, seed)
                    done[json.dumps(key)] = {"key": key, **result}
                    with log.open("a") as file:
                        file.write(json.dumps(done[json.dumps(key)]) + "\n")
                found.append(done[json.dumps(key)])
            accuracies = [100 * each["accuracy"] for each in found]
            spread = f" ± {statistics.stdev(accuracies):.2f}" if len(found) > 1 else ""
            seconds = statistics.mean(each["seconds"] for each in found)
            mean = statistics.mean(accuracies)
            print(
                f"| {name} | {options['workers']} | {framework} | {mean:.2f} %{spread} | {seconds:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
