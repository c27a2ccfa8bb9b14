# SPDX-License-Identifier: Apache-2.0
"""The search for the best options of a training."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stoker._errors import InvalidInputError
from stoker._jobs import PathLike, run_command

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def tune(
    data: PathLike | None = None,
    study: PathLike | None = None,
    space: Mapping[str, Any] | PathLike | None = None,
    *,
    trials: int | None = None,
    metric: str | None = None,
    cost: Sequence[str] | str | None = None,
    folds: int | None = None,
    sampler: str | None = None,
    halving: int | None = None,
    hyperband: bool = False,
    seed: int | None = None,
    resume: bool = False,
    spark: SparkSession | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Search for the best options of a training, as ``./stoker tune`` does.

    Parameters
    ----------
    data : path-like
        The folder of shards, with a split to validate on unless there are folds.
    study : path-like
        The study folder to create, or to go on with.
    space : mapping or path-like
        The options to vary, and those that all trials share, or a YAML file with them:
        ``{"learning_rate": {"from": 0.01, "to": 0.3, "scale": "log"}, "batch": [16, 32],
        "model": "lenet5", "epochs": 9}``.
    trials : int, optional
        How many trials.
    metric : str, optional
        What is to be best: ``"accuracy"``, ``"balanced-accuracy"``, ``"macro-f1"`` or
        ``"log-loss"``.
    cost : str or sequence of str, optional
        What is to be small in addition: ``"parameters"``, ``"inference-time"``.
    folds : int, optional
        Train each trial this many times, each without one part of the split ``train``, and validate
        on that part.
    sampler : str, optional
        ``"tpe"``, ``"sobol"`` or ``"random"``.
    halving : int, optional
        One in this many trials goes on to as many times the epochs; 1 to train all whole.
    hyperband : bool
        Divide the trials into the brackets of Hyperband.
    seed : int, optional
        The seed of the sampler.
    resume : bool
        Go on with the study that is there.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        More options of the command, see ``stoker.help_text("tune")``.

    Returns
    -------
    dict
        The best trial: ``trial``, ``value``, ``options``, ``run``, ``parameters_sha256``,
        ``recipe``, ``command``; with a cost also ``front``.

    Raises
    ------
    StokerError
        If it fails, with one line; what is done is kept.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = space
        if isinstance(space, Mapping):
            file = Path(folder) / "space.yaml"
            file.write_text(space_text(space), encoding="utf-8")
        return run_command(
            "tune",
            spark=spark,
            data=data,
            study=study,
            space=file,
            trials=trials,
            metric=metric,
            cost=cost,
            folds=folds,
            sampler=sampler,
            halving=halving,
            hyperband=hyperband,
            seed=seed,
            resume=resume,
            **options,
        )


def space_text(space: Mapping[str, Any]) -> str:
    """Return a space as YAML.

    Parameters
    ----------
    space : mapping
        Values by option.
    """
    try:
        return json.dumps(space, default=_plain)  # JSON is YAML.
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"Cannot use space: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return value.tolist()
    raise TypeError(f"{value!r} is no number, text, list or mapping")
