# SPDX-License-Identifier: Apache-2.0
"""From a folder of images, a folder for each class, to a scored table.

    python images_to_table.py IMAGES OUTPUT [--model lenet5] [--size 28] [--epochs 5] ...

``stoker.jar`` is found by ``STOKER_HOME``, the folder of a Stoker distribution.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pyspark.ml.functions import vector_to_array
from pyspark.sql import functions as F

import stoker


def main() -> None:
    """Prepare, train, evaluate, predict, plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("images", type=Path, help="a folder with a folder of images for each class")
    parser.add_argument("output", type=Path, help="the folder to make")
    parser.add_argument("--model", default="lenet5", help="a model of the zoo (default: lenet5)")
    parser.add_argument("--size", type=int, help="height and width (default: as the images are)")
    parser.add_argument("--channels", type=int, choices=(1, 3), help="1 for grey, 3 for colour")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--master", default="local[*]", help="Spark's master (default: local[*])")
    given = parser.parse_args()

    spark = stoker.session(master=given.master)
    data, run = given.output / "data", given.output / "run"

    # 1. Raw images become shards: Parquet files and a manifest.
    prepared = stoker.prepare(given.images, data, size=given.size, channels=given.channels)
    print(f"{prepared['samples']} images in {prepared['classes']} classes")

    # 2. Workers train on them, and average their parameters every few steps.
    trained = stoker.train(
        data,
        run,
        given.model,
        workers=given.workers,
        batch=given.batch,
        epochs=given.epochs,
        learning_rate=given.learning_rate,
    )
    print(f"trained {trained['rounds']} rounds: loss {trained['loss']:.4f}")

    # 3. How good is it on images that it has not seen?
    evaluated = stoker.evaluate(run, data)
    print(f"accuracy on the test split: {100 * evaluated['accuracy']:.1f} %")
    stoker.plot_run(run).savefig(given.output / "run.png")

    # 4. A table with a row for each image. Any data frame with a column of images would do.
    files = spark.read.format("binaryFile").option("recursiveFileLookup", True)
    scored = stoker.StokerModel.load(str(run)).transform(files.load(str(given.images)))
    probability = F.array_max(vector_to_array("probability")).alias("probability")
    table = scored.select("path", "predictedLabel", probability, "error")
    table.write.mode("overwrite").parquet(str(given.output / "scored"))
    table.show(10, truncate=60)
    spark.stop()


if __name__ == "__main__":
    main()
