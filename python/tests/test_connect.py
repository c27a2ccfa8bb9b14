# SPDX-License-Identifier: Apache-2.0
"""The estimator through Spark Connect: a server in a process of its own, and its client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyspark
import pytest

import stoker

PROGRAM = """
import sys
from pyspark.sql import SparkSession
import stoker

jar, images, folder = sys.argv[1:]


def main(spark):
    files = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(images)
    rows = files.selectExpr("content", "CAST(path LIKE '%/left/%' AS DOUBLE) AS label")
    classifier = stoker.StokerClassifier(
        model="lenet5", imageChannels=1, batchSize=8, localSteps=3, stepSize=0.05, maxIter=6,
        seed=1, thresholds=[1.0, 1.0], checkpointDir=folder + "/runs",
    )
    model = classifier.fit(rows)
    print("batch", model.getBatchSize(), model.getParameters(), model.getFeaturesCol())
    right = "CAST(avg(CAST(prediction = label AS INT)) AS DOUBLE) AS right"
    print("accuracy", model.transform(rows).selectExpr(right).head()[0])
    model.save(folder + "/model")
    print("loaded", stoker.StokerModel.load(folder + "/model").transform(rows).count())
    for action in (
        lambda: classifier.copy().setModel("no-such-model").fit(rows),
        lambda: classifier.copy().setLabelCol("none").fit(rows),
        lambda: model.labels,
        lambda: stoker.train("d", "r", "m"),
    ):
        try:
            action()
        except stoker.InvalidInputError as error:
            print("refused", error)


spark = (
    SparkSession.builder.remote("local[2]")
    .config("spark.jars", jar)
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "1g")
    .getOrCreate()
)
try:
    main(spark)
finally:
    spark.stop()
"""


@pytest.mark.skipif(
    pyspark.__version__.startswith("3"), reason="the server of Spark 3.5 has no estimators"
)
def test_fits_and_predicts_through_spark_connect(images: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, stoker.find_jar(), str(images), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)

    lines = dict(line.split(" ", 1) for line in ended.stdout.splitlines() if " " in line)
    assert ended.returncode == 0, ended.stderr
    assert float(lines["accuracy"]) > 0.9
    assert lines["batch"] == "32 best content"
    assert lines["loaded"] == "120"
    refused = [line for line in ended.stdout.splitlines() if line.startswith("refused")]
    assert len(refused) == 4, ended.stdout
    assert "no-such-model" in refused[0]
    assert "none" in refused[1]
    assert "labels is not there through Spark Connect" in refused[2]
    assert "need a Spark session with a JVM of its own" in refused[3]
