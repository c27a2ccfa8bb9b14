# SPDX-License-Identifier: Apache-2.0
"""How good is the winner of `stoker tune`, next to the defaults and to Optuna with as many epochs?

    python study.py DATA WORK [--studies 3] [--trials 32] [--epochs 9]

DATA are shards with the splits train, validation and test. A study searches with successive halving, Optuna's
TPE trains whole trials until it has used as many epochs as that study, and both trainings are Stoker's, side by
side in one Spark session. Then each winner's options, and the defaults, train with new seeds and are tested. Each
result is a line of WORK/results.jsonl and is not computed again, so that the script may be stopped and started
again. Needs PySpark, Optuna and the package stoker.
"""
import argparse
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna

import stoker

SPACE = {
    "learning_rate": {"from": 0.005, "to": 0.3, "scale": "log"},
    "momentum": {"from": 0.8, "to": 0.98},
    "batch": [16, 32, 64],
    "augment": ["flip", "shift=1,flip", "shift=2,flip"],
    "label_smoothing": {"from": 0, "to": 0.2},
    "weight_decay": {"from": 0.00005, "to": 0.01, "scale": "log"},
}


class Results:
    """Results by name, each a line of a file."""

    def __init__(self, file):
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.known = {key: value for line in lines for key, value in json.loads(line).items()}

    def of(self, name, compute):
        """The result of a name, computed unless it is known."""
        if name not in self.known:
            begin = time.monotonic()
            self.known[name] = {**compute(), "seconds": round(time.monotonic() - begin, 1)}
            with self.file.open("a") as out:
                print(json.dumps({name: self.known[name]}), file=out)
        return self.known[name]


def searched(given, spark, seed, **options):
    """A study of Stoker: what its winner is, and how many epochs all its trials trained."""
    study = given.work / "-".join(["study", str(seed), *map(str, options.values())])
    best = stoker.tune(
        given.data,
        study,
        {**SPACE, **given.shared},
        trials=given.trials,
        seed=seed,
        resume=(study / "study.json").exists(),
        spark=spark,
        **options,
    )
    last = {}
    for line in (study / "trials.jsonl").read_text().splitlines():
        result = json.loads(line)
        last[result["trial"]] = max(result["epochs"], last.get(result["trial"], 0))
    chosen = {key: best["options"][key.replace("_", "-")] for key in SPACE}
    return {"value": best["value"], "epochs": sum(last.values()), "options": chosen}


def asked(trial):
    """The options of a trial of Optuna."""
    return {
        key: trial.suggest_categorical(key, values)
        if isinstance(values, list)
        else trial.suggest_float(key, values["from"], values["to"], log="scale" in values)
        for key, values in SPACE.items()
    }


def by_optuna(given, spark, seed, epochs):
    """A study of Optuna with whole trials, two at a time, that trains so many epochs."""
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    )

    def one(trial):
        return trained(given, spark, f"optuna-{seed}-{trial.number}", "validation", asked(trial))

    study.optimize(
        one,
        n_trials=round(epochs / given.shared["epochs"]),
        n_jobs=given.at_once,
        catch=(stoker.StokerError,),  # A training that diverges fails alone.
    )
    best = study.best_trial
    return {"value": best.value, "epochs": len(study.trials) * given.shared["epochs"], "options": best.params}


def trained(given, spark, name, split, options):
    """The accuracy of a training."""
    run = given.work / name
    stoker.train(
        given.data,
        run,
        resume=(run / "run.json").exists(),
        checkpoint_every=100_000,
        spark=spark,
        **{**given.shared, **options},
    )
    return stoker.evaluate(run, given.data, split=split, spark=spark)["accuracy"]


def main():
    """Search, train the winners, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--model", default="alexnet-mini")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--studies", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3, help="of each training that is tested")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--whole", action="store_true", help="also train all trials whole, without halving")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    given.shared = {
        "model": given.model, "precision": given.precision, "workers": 1, "epochs": given.epochs
    }
    results = Results(given.work / "results.jsonl")
    spark = stoker.session(master=f"local[{given.at_once}]")

    found = {"defaults": [{"options": {}, "epochs": 0}]}
    for seed in range(1, given.studies + 1):
        study = results.of(f"stoker {seed}", lambda: searched(given, spark, seed))
        found.setdefault("stoker tune", []).append(study)
        if given.whole and seed == 1:
            whole = results.of("whole 1", lambda: searched(given, spark, 1, halving=1))
            found["stoker tune --halving 1"] = [whole]
        found.setdefault("Optuna's TPE", []).append(
            results.of(f"optuna {seed}", lambda: by_optuna(given, spark, seed, study["epochs"]))
        )

    tests = [
        (name, number, seed, study["options"])
        for name, studies in found.items()
        for number, study in enumerate(studies, 1)
        for seed in range(101, 101 + given.seeds)
    ]

    def test(one):
        name, number, seed, options = one
        run = f"test {name} {number} {seed}"
        return results.of(
            run,
            lambda: {"accuracy": trained(given, spark, run.replace(" ", "-"), "test", {**options, "seed": seed})},
        )["accuracy"]

    with ThreadPoolExecutor(given.at_once) as threads:
        accuracies = dict(zip([each[:3] for each in tests], threads.map(test, tests), strict=True))
    print("| options | epochs in all | seconds | validation | test, mean over seeds | of all |\n|---|---|---|---|---|---|")
    for name, studies in found.items():
        of_studies = [
            [100 * value for key, value in accuracies.items() if key[:2] == (name, number)]
            for number in range(1, len(studies) + 1)
        ]
        print(
            "|",
            " | ".join(
                [
                    name,
                    ", ".join(str(each["epochs"]) for each in studies),
                    ", ".join(str(each.get("seconds", "")) for each in studies),
                    ", ".join(f"{100 * each['value']:.2f} %" for each in studies if "value" in each),
                    ", ".join(f"{statistics.mean(each):.2f} % ± {statistics.stdev(each):.2f}" for each in of_studies),
                    f"{statistics.mean(sum(of_studies, [])):.2f} %",
                ]
            ),
            "|",
        )
    spark.stop()


if __name__ == "__main__":
    main()
