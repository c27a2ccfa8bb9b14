# SPDX-License-Identifier: Apache-2.0
"""Plots of runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stoker._errors import InvalidInputError
from stoker._jobs import inspect_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pyspark.sql import SparkSession


def plot_run(
    run: str | os.PathLike[str] | Mapping[str, Any], *, spark: SparkSession | None = None
) -> Figure:
    """Plot the loss and the accuracy of a run by round.

    A notebook shows the figure; ``figure.savefig("run.png")`` writes it.

    Parameters
    ----------
    run : path-like or mapping
        The run folder, or what :func:`stoker.inspect_run` returned.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    StokerError
        If there is no run, or it has no round yet.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InvalidInputError("matplotlib is not installed: pip install 'stoker[plot]'") from None
    info = run if isinstance(run, Mapping) else inspect_run(run, spark=spark)
    rounds, validations = info["rounds"], info["validations"]
    if rounds.empty:
        raise InvalidInputError(f"Cannot plot {info['run']}: it has no round yet")
    figure = Figure(figsize=(10, 4), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    loss.plot(rounds["round"], rounds["loss"], label="train")
    accuracy.plot(rounds["round"], 100 * rounds["accuracy"], label="train")
    if not validations.empty:
        for split, points in validations.groupby("split"):
            loss.plot(points["round"], points["log_loss"], marker="o", label=split)
            accuracy.plot(points["round"], 100 * points["accuracy"], marker="o", label=split)
    loss.set(xlabel="round", ylabel="loss, nats")
    accuracy.set(xlabel="round", ylabel="accuracy, %")
    for axes in (loss, accuracy):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(f"{info['config']['model']}: {info['run']} ({info['state']})")
    return figure
