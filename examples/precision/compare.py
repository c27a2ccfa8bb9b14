# SPDX-License-Identifier: Apache-2.0
"""Trains small nets in fp32 and in bf16, with several seeds each, and prints a table of both.

    python3 examples/precision/compare.py --work /tmp/precision \
        --grey examples/mnist --colour /usr/share/datasets/fashion-mnist

Both folders hold four idx files as MNIST has them; Fashion-MNIST is Debian's package
dataset-fashion-mnist. Nets for colour images get the grey images of --colour in three equal channels,
scaled to 32 x 32. A run that has its line in WORK/results.jsonl is not repeated, so that the script may
be stopped and started again. It needs Python 3.8, no packages, and a processor with avx512_bf16 or AMX.
"""

import argparse
import collections
import gzip
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# name: (data, training images, test images, options of train)
NETS = {
    "lenet5": ("grey", 15000, 10000, "--batch 32 --epochs 2 --learning-rate 0.05"),
    "row-lstm": ("grey", 15000, 10000, "--batch 32 --epochs 2 --learning-rate 0.1 --clip-norm 1"),
    "alexnet-mini": ("colour", 6000, 4000, "--batch 16 --epochs 3 --learning-rate 0.02"),
    "cuda-convnet-18": ("colour", 6000, 4000, "--batch 16 --epochs 3 --learning-rate 0.01"),
    "resnet-20": ("colour", 6000, 4000, "--batch 32 --epochs 3 --learning-rate 0.1"),
}
WORKERS = 2
LOCAL_STEPS = 10
COMMON = (
    f"--workers {WORKERS} --local-steps {LOCAL_STEPS} --momentum 0.9 --weight-decay 0.0005"
    " --schedule cosine"
)

# Two-sided 95 % quantiles of Student's t by degrees of freedom.
STUDENT = {1: 12.71, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def open_idx(folder, name):
    """The bytes of an idx file, packed or not."""
    plain = folder / name
    if plain.exists():
        return plain.read_bytes()
    return gzip.decompress((folder / (name + ".gz")).read_bytes())


def cut(folder, target, training, test):
    """Writes idx files with the first images of those of a folder."""
    target.mkdir(parents=True)
    for split, count in (("train", training), ("t10k", test)):
        for kind, header in (("images-idx3-ubyte", 16), ("labels-idx1-ubyte", 8)):
            name = split + "-" + kind
            data = open_idx(folder, name)
            each = (len(data) - header) // int.from_bytes(data[4:8], "big")
            cut_header = data[:4] + count.to_bytes(4, "big") + data[8:header]
            (target / name).write_bytes(cut_header + data[header : header + count * each])


def stoker(command, *options):
    """Runs a command; its result is the last line that it prints."""
    launcher = os.environ.get("STOKER", str(ROOT / "stoker"))
    done = subprocess.run(
        [launcher, *os.environ.get("STOKER_OPTIONS", "").split(), command, "--json", *options],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{command} ended with exit code {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def shards(work, folder, kind, training, test):
    """Prepares the first images of a folder of idx files, as "grey" or "colour" ones, once."""
    target = work / f"{kind}-{training}"
    if not (target / "manifest.json").exists():
        raw = work / f"raw-{kind}-{training}"
        shutil.rmtree(raw, ignore_errors=True)
        cut(folder, raw, training, test)
        colours = ["--channels", "3", "--size", "32"] if kind == "colour" else []
        stoker(
            "prepare", "--input", str(raw), "--format", "idx", "--output", str(target), *colours
        )
    return str(target)


def train(work, data, net, precision, seed):
    """Trains a net and returns its accuracy and loss on the test images after the last round."""
    _, training, _, own = NETS[net]
    options = f"{COMMON} {own} --seed {seed} --precision {precision}".split()
    number = {key: int(options[options.index(key) + 1]) for key in ("--batch", "--epochs")}
    steps = math.ceil(training / (WORKERS * number["--batch"]))
    rounds = number["--epochs"] * math.ceil(steps / LOCAL_STEPS)
    run = work / "run"
    shutil.rmtree(run, ignore_errors=True)
    result = stoker(
        *("train", "--data", data, "--run", str(run), "--model", net, *options),
        *("--validate-every", str(rounds), "--validation-split", "test"),
    )
    return {"accuracy": result["best_validation"]["accuracy"], "loss": result["best_validation"]["log_loss"]}


def table(results):
    """A row for each net and measure, in Markdown."""
    print("| net | measure | fp32 | bf16 | bf16 - fp32 | 95 % of its mean | |")
    print("|---|---|---|---|---|---|---|")
    for net in NETS:
        seeds = sorted(s for s, both in results[net].items() if len(both) == 2)
        if len(seeds) < 2:
            continue
        for measure, factor, digits, unit in (("accuracy", 100, 2, " %"), ("loss", 1, 4, "")):
            values = {
                precision: [factor * results[net][seed][precision][measure] for seed in seeds]
                for precision in ("fp32", "bf16")
            }
            differences = [b - a for a, b in zip(values["fp32"], values["bf16"])]
            mean = statistics.mean(differences)
            spread = max(statistics.stdev(each) for each in values.values())
            half = STUDENT[len(seeds) - 1] * statistics.stdev(differences) / math.sqrt(len(seeds))
            verdict = "above" if abs(mean) > spread else "within"
            cells = [
                f"{statistics.mean(each):.{digits}f}{unit} ± {statistics.stdev(each):.{digits}f}"
                for each in values.values()
            ]
            print(
                f"| `{net}` | {measure} | {cells[0]} | {cells[1]} | {mean:+.{digits}f}{unit}"
                f" | {mean - half:+.{digits}f} to {mean + half:+.{digits}f}"
                f" | {verdict} the spread of {len(seeds)} seeds |"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", required=True, type=pathlib.Path, help="a folder for all files")
    parser.add_argument("--grey", required=True, type=pathlib.Path, help="MNIST's idx files")
    parser.add_argument("--colour", required=True, type=pathlib.Path, help="Fashion-MNIST's")
    parser.add_argument("--seeds", type=int, default=5, choices=range(2, 11), metavar="N")
    parser.add_argument("--nets", default=",".join(NETS), help="default: %(default)s")
    given = parser.parse_args()
    nets = given.nets.split(",")
    for net in nets:
        if net not in NETS:
            parser.error(f"unknown net: {net}; known: {', '.join(NETS)}")
    given.work.mkdir(parents=True, exist_ok=True)
    file = given.work / "results.jsonl"
    results = collections.defaultdict(lambda: collections.defaultdict(dict))
    if file.exists():
        for line in file.read_text().splitlines():
            found = json.loads(line)
            results[found["net"]][found["seed"]][found["precision"]] = found
    for seed in range(1, given.seeds + 1):
        for net in nets:
            for precision in ("fp32", "bf16"):
                if precision in results[net][seed]:
                    continue
                kind, training, test, _ = NETS[net]
                data = shards(given.work, getattr(given, kind), kind, training, test)
                found = {"net": net, "seed": seed, "precision": precision}
                found.update(train(given.work, data, net, precision, seed))
                results[net][seed][precision] = found
                with file.open("a") as lines:
                    lines.write(json.dumps(found) + "\n")
    table(results)


if __name__ == "__main__":
    main()
