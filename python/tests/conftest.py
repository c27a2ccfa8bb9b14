# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import stoker

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CLASSES = ["above", "left"]
SIDE = 28


def draw(label: int, random: np.random.Generator) -> Image.Image:
    """Draw an image that is light above, or light to the left."""
    pixels = random.integers(0, 120, (SIDE, SIDE))
    half = (slice(SIDE // 2), slice(None)) if label == 0 else (slice(None), slice(SIDE // 2))
    pixels[half] += 120
    return Image.fromarray(pixels.astype(np.uint8), "L")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    started = stoker.session(
        master="local[2]", config={"spark.sql.shuffle.partitions": 2, "spark.driver.memory": "2g"}
    )
    yield started
    started.stop()


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write sixty images of each class, in a folder for each."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(7)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir()
        for number in range(60):
            draw(label, random).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def data(spark: SparkSession, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "data"
    stoker.prepare(images, folder, channels=1, split={"train": 0.8, "test": 0.2}, spark=spark)
    return folder


@pytest.fixture(scope="session")
def trained(
    spark: SparkSession, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    root = tmp_path_factory.mktemp("trained")
    return stoker.train(
        data,
        root / "run",
        "lenet5",
        workers=2,
        batch=8,
        local_steps=3,
        epochs=6,
        learning_rate=0.05,
        schedule="constant",
        validate_every=6,
        validation_split="test",
        tensorboard=root / "events",
        spark=spark,
    )
