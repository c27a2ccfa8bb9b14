# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stoker

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

mlflow = pytest.importorskip("mlflow")

SECONDS_TO_START = 300


def healthy(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
                *("--host", "127.0.0.1", "--port", str(port)),
                *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
                *("--artifacts-destination", str(folder / "artifacts")),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
            # Its jobs, which nothing here asks for, would be seven processes more.
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
    try:
        uri = f"http://127.0.0.1:{port}"
        end = time.monotonic() + SECONDS_TO_START
        while not healthy(uri):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.2)
        # The first request opens the database, which may take longer than a training waits.
        mlflow.MlflowClient(uri).search_experiments()
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def test_a_training_is_logged_and_resumed_in_one_run(
    spark: SparkSession, data: Path, server: str, tmp_path: Path
) -> None:
    options = {"batch": 8, "local_steps": 3, "validate_every": 4, "validation_split": "test"}
    stoker.train(data, tmp_path / "run", "lenet5", epochs=2, mlflow=server, **options)
    result = stoker.train(run=tmp_path / "run", epochs=4, resume=True)

    client = mlflow.MlflowClient(server)
    experiment = client.get_experiment_by_name("stoker")
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 1
    run = runs[0]
    rounds = stoker.inspect_run(tmp_path / "run")["rounds"]
    history = client.get_metric_history(run.info.run_id, "train/loss")
    assert [(point.step, point.value) for point in history] == list(
        zip(rounds["round"], rounds["loss"], strict=True)
    )
    assert run.info.status == "FINISHED"
    assert run.data.params["batch"] == "8"
    assert run.data.params["epochs"] == "2"
    assert run.data.tags["stoker.resumed_with.epochs"] == "4"
    assert run.data.tags["stoker.checkpoint"] == result["checkpoint"].removeprefix("file:")
    assert "test/accuracy" in run.data.metrics
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["report.html"]


def test_the_estimator_is_logged_too(
    spark: SparkSession, images: Path, server: str, tmp_path: Path
) -> None:
    rows = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(str(images))
    rows = rows.selectExpr("content", "path LIKE '%/left/%' AS left").selectExpr(
        "content", "CAST(left AS INT) AS label"
    )
    before = count(server)

    stoker.StokerClassifier(
        model="lenet5", imageChannels=1, batchSize=8, maxIter=1, mlflowUri=server
    ).fit(rows)

    assert count(server) == before + 1


def test_a_study_is_a_run_with_those_of_its_trials_below_it(
    spark: SparkSession, data: Path, server: str, tmp_path: Path
) -> None:
    space = {"learning_rate": [0.01, 0.1], "model": "lenet5", "batch": 8, "epochs": 2}
    options = {"validation_split": "test", "sampler": "sobol", "trials": 2, "halving": 2}
    best = stoker.tune(data, tmp_path / "study", space, mlflow=server, **options)

    client = mlflow.MlflowClient(server)
    experiment = client.get_experiment_by_name("stoker").experiment_id
    (parent,) = client.search_runs([experiment], "attributes.run_name = 'study'")
    below = f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
    children = client.search_runs([experiment], below)
    assert {run.info.run_name for run in children} == {"trials/000000", "trials/000001"}
    assert {run.info.status for run in [parent, *children]} == {"FINISHED"}
    assert parent.data.params["trials"] == "2"
    assert parent.data.metrics["best/accuracy"] == best["value"]
    assert parent.data.tags["stoker.best_trial"] == str(best["trial"])
    (winner,) = [run for run in children if run.info.run_name.endswith(str(best["trial"]))]
    history = client.get_metric_history(winner.info.run_id, "test/accuracy")
    assert history[-1].value == best["value"]
    assert len(history) == 2


def count(server: str) -> int:
    client = mlflow.MlflowClient(server)
    experiment = client.get_experiment_by_name("stoker")
    return 0 if experiment is None else len(client.search_runs([experiment.experiment_id]))
