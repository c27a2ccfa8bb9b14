# SPDX-License-Identifier: Apache-2.0
"""Trains a net with each rule of averaging, by number of workers and of local steps, and prints a table.

    python3 examples/averaging/rules.py --data /usr/share/datasets/fashion-mnist --work /tmp/rules

--data holds four idx files as MNIST has them; Fashion-MNIST is Debian's package dataset-fashion-mnist.
All runs see the same number of examples. Each cell is the mean accuracy on the test images after the
last round, in percent, and the standard deviation over the seeds. A run that has its line in
WORK/results.jsonl is not repeated, so that the script may be stopped and started again, and cells may
be added by other --workers and --steps. Lines of other --images, --epochs, --rate or
--batch do not count. Nets for colour images, such as alexnet-mini, get the grey images in three equal
channels, scaled to 32 x 32. docs/benchmarks/rules.jsonl has the lines of the tables in
docs/benchmarks/averaging.md. It needs Python 3.8 and no packages.
"""

import argparse
import collections
import json
import math
import pathlib
import shutil
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "precision"))
import compare

COMMON = "--momentum 0.9 --weight-decay 0.0005 --schedule cosine"

# What each rule adds to the options; {steps} is the number of local steps, {quarter} of the epochs.
RULES = {
    "plain averaging": "--local-steps {steps}",
    "SlowMo, 0.5": "--local-steps {steps} --outer-momentum 0.5",
    "SlowMo, 0.8": "--local-steps {steps} --outer-momentum 0.8",
    "outer Nesterov, 0.5": "--local-steps {steps} --outer-momentum 0.5 --outer-nesterov",
    "outer Nesterov, 0.8": "--local-steps {steps} --outer-momentum 0.8 --outer-nesterov",
    "outer Nesterov, 0.8, rate 0.7": "--local-steps {steps} --outer-momentum 0.8 --outer-rate 0.7"
    " --outer-nesterov",
    "QSR": "--local-steps qsr:{steps}:{growth}",
    "post-local SGD": "--local-steps {steps} --every-step-epochs {quarter}",
    "int8": "--local-steps {steps} --wire int8",
    "overlap": "--local-steps {steps} --overlap",
}


def options_of(given, rule, steps):
    # QSR's factor: the local steps begin to grow at 0.7 of the first rate.
    growth = round(0.7 * given.rate * math.sqrt(steps), 4)
    quarter = max(1, given.epochs // 4)
    return RULES[rule].format(steps=steps, growth=growth, quarter=quarter).split()


def train(given, data, workers, options, seed):
    """Trains the net; its accuracy and loss on the test images after the last round."""
    run = given.work / "run"
    shutil.rmtree(run, ignore_errors=True)
    compare.stoker(
        *("train", "--data", data, "--run", str(run), "--model", given.model, *COMMON.split()),
        *("--learning-rate", str(given.rate), "--batch", str(given.batch)),
        *("--workers", str(workers), "--epochs", str(given.epochs), "--seed", str(seed), *options),
        *("--checkpoint-every", "1000000", "--validate-every", "-1", "--validation-split", "test"),
    )
    last = json.loads(sorted((run / "validations").iterdir())[-1].read_text())
    return {"accuracy": last["accuracy"], "loss": last["log_loss"]}


def cell(values):
    if not values:
        return ""
    percent = [100 * each["accuracy"] for each in values]
    spread = f" ± {statistics.stdev(percent):.2f}" if len(percent) > 1 else ""
    return f"{statistics.mean(percent):.2f}{spread}"


def table(given, results, columns):
    """A row for each rule, in Markdown."""
    print("| rule | " + " | ".join(f"W = {w}, T = {t}" for w, t in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for rule in given.rules.split(";"):
        cells = [cell(results[given.model, rule, w, t]) for w, t in columns]
        print(f"| {rule} | " + " | ".join(cells) + " |")
    if given.only_rules:
        return
    workers = sorted({w for w, _ in columns})
    large = ", ".join(f"{cell(results[given.model, 'large batch', w, 1])} (W = {w})" for w in workers)
    print(f"\nOne worker: {cell(results[given.model, 'one worker', 1, 1])}. Averaged after each step: {large}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, type=pathlib.Path, help="a folder of idx files")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="a folder for all files")
    parser.add_argument("--model", default="lenet5-modern", help="default: %(default)s")
    parser.add_argument("--images", type=int, default=60000, help="default: all 60,000")
    parser.add_argument("--epochs", type=int, default=4, help="default: 4")
    parser.add_argument("--rate", type=float, default=0.05, help="first learning rate (default: 0.05)")
    parser.add_argument("--batch", type=int, default=32, help="of a worker (default: 32)")
    parser.add_argument("--workers", default="8", help="numbers, such as 2,8 (default: 8)")
    parser.add_argument("--steps", default="50", help="local steps, such as 20,50 (default: 50)")
    parser.add_argument("--rules", default=";".join(RULES), help="with ; between (default: all)")
    parser.add_argument(
        "--only-rules", action="store_true", help="leave out one worker, and averaging after each step"
    )
    parser.add_argument("--seeds", type=int, default=5, help="default: 5")
    given = parser.parse_args()
    for rule in given.rules.split(";"):
        if rule not in RULES:
            parser.error(f"unknown rule: {rule}; known: {'; '.join(RULES)}")
    given.work.mkdir(parents=True, exist_ok=True)
    kind = compare.NETS.get(given.model, ("grey",))[0]
    data = compare.shards(given.work, given.data, kind, given.images, 10000)
    file = given.work / "results.jsonl"
    results = collections.defaultdict(list)
    done = set()
    settings = {name: getattr(given, name) for name in ("images", "epochs", "rate", "batch")}
    for number, line in enumerate(file.read_text().splitlines() if file.exists() else [], 1):
        try:
            found = json.loads(line)
        except ValueError:
            parser.error(f"{file}, line {number}: no JSON; delete the line, and the run is repeated")
        if any(found.get(name) != value for name, value in settings.items()):
            continue
        key = (found["model"], found["rule"], found["workers"], found["steps"])
        results[key].append(found)
        done.add((*key, found["seed"]))
    columns = [(int(w), int(t)) for w in given.workers.split(",") for t in given.steps.split(",")]
    wanted = []
    if not given.only_rules:
        wanted += [("one worker", 1, 1, ["--local-steps", "1000000"])]
        wanted += [("large batch", w, 1, ["--local-steps", "1"]) for w in sorted({w for w, _ in columns})]
    for w, t in columns:
        wanted += [(rule, w, t, options_of(given, rule, t)) for rule in given.rules.split(";")]
    for seed in range(1, given.seeds + 1):
        for rule, workers, steps, options in wanted:
            key = (given.model, rule, workers, steps)
            if (*key, seed) in done:
                continue
            found = dict(zip(("model", "rule", "workers", "steps"), key), seed=seed, **settings)
            found.update(train(given, data, workers, options, seed))
            results[key].append(found)
            with file.open("a") as lines:
                lines.write(json.dumps(found) + "\n")
    table(given, results, columns)


if __name__ == "__main__":
    main()
