# SPDX-License-Identifier: Apache-2.0
"""What other people's programs read of what Stoker writes, and write for it to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import stoker
from conftest import CLASSES, draw

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_prepares_what_hugging_face_datasets_writes(spark: SparkSession, tmp_path: Path) -> None:
    import datasets

    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=CLASSES)}
    )
    random = np.random.default_rng(3)
    (tmp_path / "raw").mkdir()
    for split, count in (("train", 40), ("test", 10)):
        labels = [number % 2 for number in range(count)]
        pictures = [draw(label, random) for label in labels]
        datasets.Dataset.from_dict(
            {"image": pictures, "label": labels}, features=features
        ).to_parquet(str(tmp_path / "raw" / f"{split}-00000-of-00001.parquet"))

    prepared = stoker.prepare(tmp_path / "raw", tmp_path / "data", format="parquet", channels=1)

    assert prepared["splits"]["train"]["samples"] == 40
    assert prepared["splits"]["test"]["samples"] == 10
    assert stoker.inspect_data(tmp_path / "data")["class_names"] == CLASSES


def test_duckdb_reads_shards_and_predictions(
    data: Path, images: Path, trained: dict[str, Any], tmp_path: Path
) -> None:
    import duckdb

    stoker.predict(trained["run"], images, output=tmp_path / "predictions")

    rows = duckdb.sql(
        f"SELECT label, count(*), min(height) FROM '{data}/*.parquet' GROUP BY label ORDER BY label"
    ).fetchall()
    assert rows == [(0, 60, 28), (1, 60, 28)]
    count = duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/predictions/*.parquet'").fetchall()
    assert count == [(120,)]


def test_tensorboard_reads_the_event_files(trained: dict[str, Any]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(
        str(Path(trained["run"].removeprefix("file:")).parent / "events"),
        size_guidance={"scalars": 0},
    ).Reload()

    losses = events.Scalars("loss/train")
    assert [event.step for event in losses] == list(range(1, trained["rounds"] + 1))
    assert losses[-1].value == pytest.approx(trained["loss"], rel=1e-6)
    assert events.Tags()["histograms"]


def test_onnx_checks_an_exported_model(trained: dict[str, Any], tmp_path: Path) -> None:
    if "export" not in stoker.help_text():
        pytest.skip("this Stoker has no command export")
    import onnx

    stoker.run_command(
        "export", checkpoint=trained["run"], format="onnx", output=tmp_path / "model.onnx"
    )

    onnx.checker.check_model(str(tmp_path / "model.onnx"), full_check=True)
