# SPDX-License-Identifier: Apache-2.0
"""A study of Optuna whose trials Stoker trains side by side on one Spark cluster.

    python optuna_study.py DATA RUNS [--trials 16] [--at-once 4] ...

DATA are shards with a split ``validation``. A trial is a run folder in RUNS: after a kill, the same
command trains only the trials that were not complete. ``stoker.jar`` is found by ``STOKER_HOME``.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna

import stoker


def options(trial: optuna.Trial) -> dict[str, Any]:
    """Return the options of a trial."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.005, 0.3, log=True),
        "momentum": trial.suggest_float("momentum", 0.8, 0.98),
        "batch": trial.suggest_categorical("batch", [16, 32]),
    }


def main() -> None:
    """Ask for some trials, train them side by side, tell their accuracies, and so on."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", help="shards with a split to validate on")
    parser.add_argument("runs", type=Path, help="the folder for the runs of trials")
    parser.add_argument("--model", default="lenet5", help="a model of the zoo (default: lenet5)")
    parser.add_argument("--split", default="validation", help="what to validate on")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--at-once", type=int, default=4, help="how many to ask for")
    parser.add_argument("--master", default="local[*]", help="Spark's master (default: local[*])")
    given = parser.parse_args()
    spark = stoker.session(master=given.master)

    def accuracy(trial: optuna.Trial) -> float:
        run = given.runs / str(trial.number)
        stoker.train(
            given.data,
            run,
            given.model,
            workers=given.workers,
            epochs=given.epochs,
            resume=(run / "run.json").exists(),
            spark=spark,
            **trial.params,
        )
        return stoker.evaluate(run, given.data, split=given.split, spark=spark)["accuracy"]

    # The same seed asks for the same trials, as long as they are told in the same order. Trainings
    # that have no slots wait for those that run.
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1))
    with ThreadPoolExecutor(given.at_once) as threads:
        while len(study.trials) < given.trials:
            count = min(given.at_once, given.trials - len(study.trials))
            trials = [study.ask() for _ in range(count)]
            for trial in trials:
                options(trial)
            for trial, value in zip(trials, threads.map(accuracy, trials), strict=True):
                study.tell(trial, value)
                print(f"trial {trial.number}: {100 * value:.2f} % {trial.params}")
    print(f"best: trial {study.best_trial.number}, {100 * study.best_value:.2f} %")
    spark.stop()


if __name__ == "__main__":
    main()
