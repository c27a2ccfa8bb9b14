# SPDX-License-Identifier: Apache-2.0
"""Predictions: of single images and folders by a job, of a data frame by the model of Spark ML."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stoker import _session
from stoker._errors import InvalidInputError
from stoker._jobs import PathLike, data_frames, run_command
from stoker.ml import StokerModel

if TYPE_CHECKING:
    from pandas import DataFrame as PandasFrame
    from pyspark.sql import DataFrame, SparkSession


def predict(
    checkpoint: PathLike,
    input: PathLike | Sequence[PathLike] | DataFrame,
    *,
    output: PathLike | None = None,
    input_col: str = "content",
    overwrite: bool = False,
    spark: SparkSession | None = None,
    **options: Any,
) -> DataFrame | PandasFrame:
    """Classify images.

    Parameters
    ----------
    checkpoint : path-like
        A checkpoint folder, a ``model.zip``, or a run folder.
    input : path-like, sequence of path-like, or pyspark.sql.DataFrame
        A folder of images or shards, which needs ``output``; single images; or a data frame with
        a column of images.
    output : path-like, optional
        For a folder: where to write the predictions, as Parquet.
    input_col : str
        For a data frame: its column of images.
    overwrite : bool
        Replace predictions of an earlier call at the output.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        More options of the command, such as ``top=3`` or ``ten_crop=True``; for a data frame,
        params of :class:`StokerModel`.

    Returns
    -------
    pyspark.sql.DataFrame or pandas.DataFrame
        For a folder or a data frame, Spark's; for single images, pandas' with a row for each
        image and class: ``image``, ``rank``, ``class``, ``probability``, ``error``.

    Raises
    ------
    StokerError
        If it fails, with one line.
    """
    spark = _session.current(spark)
    if hasattr(input, "sparkSession"):
        if output is not None:
            raise InvalidInputError("output is for a folder: write the returned data frame")
        model = StokerModel.load(os.fspath(checkpoint))
        model = model.setParams(inputCol=input_col, **options)
        return model.transform(input)
    if isinstance(input, (str, os.PathLike)):
        if output is None:
            raise InvalidInputError(
                "Missing output: where to write the predictions of a folder; for one image, say"
                " [image]"
            )
        result = run_command(
            "predict",
            spark=spark,
            checkpoint=checkpoint,
            input=input,
            output=output,
            overwrite=overwrite,
            **options,
        )
        return spark.read.parquet(result["output"])
    if output is not None or overwrite:
        raise InvalidInputError("output and overwrite are for a folder, not for single images")
    images = list(input)
    for image in images:
        if not isinstance(image, (str, os.PathLike)):
            raise InvalidInputError(
                f"Invalid image: it is {type(image).__name__} (must be a path or URI; a data frame"
                " can have a column of bytes)"
            )
    result = run_command("predict", *images, spark=spark, checkpoint=checkpoint, **options)
    return data_frames().DataFrame(
        _predictions(result), columns=["image", "rank", "class", "probability", "error"]
    )


def _predictions(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for image in result["predictions"]:
        for rank, top in enumerate(image["classes"], start=1):
            row = {"image": image["image"], "rank": rank, "class": top["name"]}
            rows.append({**row, "probability": top["probability"]})
    rows += result["unreadable"]
    return rows
