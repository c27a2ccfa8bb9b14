# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import stoker
from stoker import _jobs
from stoker._jobs import _words

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_keyword_arguments_are_the_options_of_the_command_line() -> None:
    words = _words(
        {
            "learning_rate": 0.5,
            "augment": ["flip", "crop"],
            "split": {"train": 0.9, "test": 0.1},
            "resume": True,
            "gang": False,
            "patience": None,
            "data": Path("/x"),
        }
    )

    assert words == [
        "--learning-rate=0.5",
        "--augment=flip,crop",
        "--split=train=0.9,test=0.1",
        "--resume",
        "--data=/x",
    ]


def test_a_folder_of_images_becomes_a_model_and_a_table(
    spark: SparkSession,
    images: Path,
    data: Path,
    trained: dict[str, Any],
    tmp_path: Path,
) -> None:
    assert stoker.inspect_data(data)["class_names"] == ["above", "left"]
    evaluated = stoker.evaluate(trained["run"], data)
    assert evaluated["accuracy"] > 0.9

    table = stoker.predict(trained["run"], images, output=tmp_path / "predictions")

    assert table.count() == 120
    assert table.where("prediction = 'above'").count() == pytest.approx(60, abs=8)
    again = stoker.predict(trained["run"], images, output=tmp_path / "predictions", overwrite=True)
    assert again.count() == 120
    assert spark.range(3).count() == 3


def test_single_images_become_a_pandas_frame(
    images: Path, trained: dict[str, Any], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")

    with pytest.raises(stoker.InvalidInputError, match="it is bytes \\(must be a path"):
        stoker.predict(trained["run"], [broken.read_bytes()])
    frame = stoker.predict(trained["run"], [images / "above" / "1.png", broken])

    assert list(frame.columns) == ["image", "rank", "class", "probability", "error"]
    assert frame.iloc[0]["class"] == "above"
    assert frame.iloc[0]["probability"] > frame.iloc[1]["probability"]
    assert "broken.png" in frame.iloc[-1]["image"]
    assert frame.iloc[-1]["error"]


def test_a_data_frame_gets_columns(
    spark: SparkSession, images: Path, trained: dict[str, Any]
) -> None:
    rows = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(str(images))

    scored = stoker.predict(trained["run"], rows, predictedLabelCol="class")

    row = scored.where("path like '%/left/3.png'").first()
    assert row["class"] in {"above", "left"}
    assert sum(row["probability"]) == pytest.approx(1, abs=1e-5)


def test_a_run_is_inspected_and_plotted(trained: dict[str, Any], tmp_path: Path) -> None:
    info = stoker.inspect_run(trained["run"])

    assert info["state"] == "finished"
    assert info["config"]["batch"] == 8
    assert len(info["rounds"]) == info["planned_rounds"] == trained["rounds"]
    assert info["rounds"]["loss"].iloc[-1] == trained["loss"]
    assert info["rounds"]["seconds_total"].gt(0).all()
    assert list(info["validations"]["split"].unique()) == ["test"]
    figure = stoker.plot_run(info)
    figure.savefig(tmp_path / "run.png")
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss, nats", "accuracy, %"]
    assert list(figure.axes[0].lines[0].get_ydata()) == list(info["rounds"]["loss"])


def test_a_run_goes_on_to_the_same_bits(
    spark: SparkSession, data: Path, trained: dict[str, Any], tmp_path: Path
) -> None:
    options = {
        "workers": 2,
        "batch": 8,
        "local_steps": 3,
        "learning_rate": 0.05,
        "schedule": "constant",
    }
    stoker.train(data, tmp_path / "run", "lenet5", epochs=3, **options)
    resumed = stoker.train(run=tmp_path / "run", epochs=6, resume=True)

    assert resumed["parameters_sha256"] == trained["parameters_sha256"]


def test_any_command_can_be_run(trained: dict[str, Any], tmp_path: Path) -> None:
    result = stoker.run_command("report", run=trained["run"], output=tmp_path / "report.html")

    assert result["bytes"] == (tmp_path / "report.html").stat().st_size
    assert "--learning-rate" in stoker.help_text("train")
    assert "train" in stoker.help_text()


def test_a_model_is_quantized(
    spark: SparkSession, data: Path, trained: dict[str, Any], tmp_path: Path
) -> None:
    output = tmp_path / "int8.zip"
    try:
        result = stoker.quantize(trained["run"], data, output, most_loss=10, split="test")
    except stoker.InvalidInputError as e:
        if "VNNI" not in str(e):
            raise
        pytest.skip(str(e))

    assert result["points_lost"] <= 10
    assert stoker.evaluate(output, data)["accuracy"] == pytest.approx(result["accuracy"])
    with pytest.raises(stoker.InvalidInputError, match="overwrite"):
        stoker.quantize(trained["run"], data, output)


def test_int8_that_loses_too_much_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"layer": "4.1", "points_lost": 3.25}, {"layer": "2", "points_lost": 0.5}]
    refused = {"points_lost": 4.0, "layers": layers}
    monkeypatch.setattr(_jobs, "run_command", lambda *_, **__: refused)

    with pytest.raises(stoker.DamagedDataError) as error:
        stoker.quantize("run", "data", "int8.zip", most_loss=1)

    assert str(error.value) == (
        "int8 loses 4.00 points of accuracy, most_loss allows 1: nothing was written"
        " (layers that lose most, alone: 4.1 (3.25), 2 (0.50))"
    )


def test_a_study_finds_the_best_options_and_goes_on(
    spark: SparkSession, data: Path, tmp_path: Path
) -> None:
    space = {
        "learning_rate": {"from": 0.001, "to": 0.3, "scale": "log"},
        "model": Path("lenet5"),
        "batch": np.array([8, 16]),
        "epochs": np.int64(2),
    }
    study = tmp_path / "study"
    best = stoker.tune(data, study, space, trials=4, halving=2, validation_split="test")
    resumed = stoker.tune(study=study, resume=True)
    trained = stoker.train(data, tmp_path / "again", recipe=best["recipe"])

    assert resumed == best
    assert best["results"] == best["expected"] == 6
    assert trained["parameters_sha256"] == best["parameters_sha256"]
    with pytest.raises(stoker.InvalidInputError, match="unknown option 'lerning-rate'"):
        stoker.tune(data, tmp_path / "new", {"lerning_rate": [1, 2]}, validation_split="test")
    with pytest.raises(stoker.InvalidInputError, match="Cannot use space: <object"):
        stoker.tune(data, tmp_path / "new", {"batch": object()})
    assert not (tmp_path / "new").exists()
