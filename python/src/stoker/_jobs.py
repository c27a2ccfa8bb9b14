# SPDX-License-Identifier: Apache-2.0
"""The jobs: each runs as the command of the same name, in the session's JVM."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from stoker import _session
from stoker._errors import DamagedDataError, InvalidInputError, of_exit_code

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOG = logging.getLogger("stoker")

PathLike = str | os.PathLike[str]


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_text(part)}" for key, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(_text(part) for part in value)
    if isinstance(value, bool):
        return str(value).lower()
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _words(options: Mapping[str, Any]) -> list[str]:
    """Make the words of a command line of keyword arguments; None and False are left out."""
    words: list[str] = []
    for name, value in options.items():
        option = "--" + name.strip("_").replace("_", "-")
        if value is None or value is False:
            continue
        words.append(option if value is True else f"{option}={_text(value)}")
    return words


def _outcome(spark: SparkSession, words: Sequence[str]) -> Any:
    door = _session.door(spark)
    return door.run(spark._jsparkSession, [str(word) for word in words])


def _result(outcome: Any, *, fails_in_part: bool = False) -> dict[str, Any]:
    for line in outcome.messages():
        _LOG.warning("%s", line)
    result = outcome.json()
    if result and (fails_in_part or outcome.exitCode() == 0):
        return dict(json.loads(result))
    raise of_exit_code(outcome.exitCode(), _in_python(outcome.error()))


# Their results say what failed.
_FAIL_IN_PART = {"doctor", "explain", "predict", "quantize"}

_HELP = re.compile(r"\./stoker ([a-z]+(?: [a-z]+)?) --help")
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)(?![\w-])")
_OF_SPARK = {"--driver-memory", "--executor-memory", "--executor-cores", "--jars", "--packages"}


def _in_python(message: str) -> str:
    """Name keyword arguments where the message of a command names its options."""
    return _OPTION.sub(
        lambda found: found[0] if found[0] in _OF_SPARK else found[1].replace("-", "_"),
        _HELP.sub(r'stoker.help_text("\1")', message),
    )


def run_command(
    command: str, *arguments: PathLike, spark: SparkSession | None = None, **options: Any
) -> dict[str, Any]:
    """Run any command of ``./stoker``.

    Parameters
    ----------
    command : str
        Its name; words of a subcommand are separated by blanks, as in ``"bench step"``.
    *arguments : path-like
        What is no option, such as images.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        Its options: ``learning_rate=0.05`` for ``--learning-rate 0.05``, ``resume=True`` for
        ``--resume``, a list for values with commas, a dict for ``name=value`` with commas.

    Returns
    -------
    dict
        The result that the command prints with ``--json``.

    Raises
    ------
    StokerError
        If it fails, with one line.
    """
    words = [*command.split(), *_words(options)]
    if arguments:
        words += ["--", *map(os.fspath, arguments)]
    return _result(
        _outcome(_session.current(spark), words),
        fails_in_part=command in _FAIL_IN_PART and "input" not in options,
    )


def help_text(command: str = "", *, spark: SparkSession | None = None) -> str:
    """Return what ``./stoker COMMAND --help`` prints: a command's options.

    Parameters
    ----------
    command : str
        Its name; all commands if empty.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    """
    outcome = _outcome(_session.current(spark), [*command.split(), "--help"])
    if outcome.exitCode() != 0:
        raise of_exit_code(outcome.exitCode(), _in_python(outcome.error()))
    return str(outcome.text())


def prepare(
    input: PathLike,
    output: PathLike,
    *,
    format: str = "folder",
    size: int | None = None,
    channels: Literal[1, 3] | None = None,
    encoding: str | None = None,
    split: Mapping[str, float] | str | None = None,
    split_train: Mapping[str, float] | str | None = None,
    allow_paths: Sequence[str] | str | None = None,
    seed: int | None = None,
    overwrite: bool = False,
    spark: SparkSession | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Make shards of raw images, as ``./stoker prepare`` does.

    Parameters
    ----------
    input : path-like
        Where the images are: a path or a URI, or a table's name for ``format="table"``.
    output : path-like
        The folder of shards to make.
    format : str
        What the input is: ``folder``, ``idx``, ``cifar``, ``tar``, ``csv``, ``parquet``...
    size : int, optional
        Height and width of the images in the shards.
    channels : {1, 3}, optional
        1 for grey, 3 for colour.
    encoding : str, optional
        ``raw``, ``jpeg`` or ``png``.
    split : mapping of str to float, optional
        Shares of the splits, such as ``{"train": 0.9, "test": 0.1}``, of an input without splits.
    split_train : mapping of str to float, optional
        Splits to take out of ``train``, such as ``{"validation": 0.1}``.
    allow_paths : list of str, optional
        Folders from which a list or a table may name images, in addition to its own.
    seed : int, optional
        The seed of splits and order.
    overwrite : bool
        Replace shards at the output.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        More options of the command, see ``stoker.help_text("prepare")``.

    Returns
    -------
    dict
        ``output``, ``samples``, ``classes``, ``splits``, ``rejected``, ``manifest_sha256``...

    Raises
    ------
    StokerError
        If it fails, with one line.
    """
    return run_command(
        "prepare",
        spark=spark,
        input=input,
        output=output,
        format=format,
        size=size,
        channels=channels,
        encoding=encoding,
        split=split,
        split_train=split_train,
        allow_paths=allow_paths,
        seed=seed,
        overwrite=overwrite,
        **options,
    )


def inspect_data(
    data: PathLike, *, spark: SparkSession | None = None, **options: Any
) -> dict[str, Any]:
    """Return the classes, splits and statistics of shards, as ``./stoker inspect`` does.

    Parameters
    ----------
    data : path-like
        The folder of shards.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        More options of the command, such as ``sheet="samples.png"``.

    Returns
    -------
    dict
    """
    return run_command("inspect", spark=spark, data=data, **options)


def train(
    data: PathLike | None = None,
    run: PathLike | None = None,
    model: PathLike | None = None,
    *,
    workers: int | None = None,
    batch: int | None = None,
    local_steps: int | str | None = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
    augment: Sequence[str] | str | None = None,
    seed: int | None = None,
    checkpoint_every: int | None = None,
    validate_every: int | None = None,
    patience: int | None = None,
    metric: str | None = None,
    init: PathLike | None = None,
    recipe: PathLike | None = None,
    mlflow: str | None = None,
    resume: bool = False,
    spark: SparkSession | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Train a model, as ``./stoker train`` does.

    Parameters
    ----------
    data : path-like
        The folder of shards.
    run : path-like
        The run folder to create, or to go on with.
    model : path-like
        A model's name, or a YAML file.
    workers, batch, local_steps, epochs, learning_rate, augment, seed : optional
        The job, see ``docs/training.md``.
    checkpoint_every, validate_every, patience : int, optional
        Rounds between two checkpoints and two validations; validations without a better one.
    metric : str, optional
        By what validations are compared: ``"accuracy"``, ``"balanced-accuracy"``, ``"macro-f1"`` or
        ``"log-loss"``.
    init : path-like, optional
        A checkpoint to begin with.
    recipe : path-like, optional
        A YAML file with options.
    mlflow : str, optional
        The URI of an MLflow tracking server to log to.
    resume : bool
        Go on from the newest checkpoint of the run.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        More options of the command, see ``stoker.help_text("train")``.

    Returns
    -------
    dict
        ``run``, ``checkpoint``, ``rounds``, ``loss``, ``accuracy``, ``parameters_sha256``...

    Raises
    ------
    StokerError
        If it fails, with one line.
    """
    return run_command(
        "train",
        spark=spark,
        data=data,
        run=run,
        model=model,
        workers=workers,
        batch=batch,
        local_steps=local_steps,
        epochs=epochs,
        learning_rate=learning_rate,
        augment=augment,
        seed=seed,
        checkpoint_every=checkpoint_every,
        validate_every=validate_every,
        patience=patience,
        metric=metric,
        init=init,
        recipe=recipe,
        mlflow=mlflow,
        resume=resume,
        **options,
    )


def evaluate(
    checkpoint: PathLike,
    data: PathLike,
    *,
    split: str | None = None,
    ten_crop: bool = False,
    spark: SparkSession | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Evaluate a checkpoint, as ``./stoker evaluate`` does.

    Parameters
    ----------
    checkpoint : path-like
        A checkpoint folder, a ``model.zip``, or a run folder.
    data : path-like
        The folder of shards.
    split : str, optional
        The split (default: ``test``, else ``validation``).
    ten_crop : bool
        Average over ten crops.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        More options of the command, see ``stoker.help_text("evaluate")``.

    Returns
    -------
    dict
        ``accuracy``, ``top5``, ``log_loss``, ``classes``, ``confusion``...

    Raises
    ------
    StokerError
        If it fails, with one line.
    """
    return run_command(
        "evaluate",
        spark=spark,
        checkpoint=checkpoint,
        data=data,
        split=split,
        ten_crop=ten_crop,
        **options,
    )


def quantize(
    checkpoint: PathLike,
    data: PathLike,
    output: PathLike,
    *,
    most_loss: float = 0.5,
    split: str | None = None,
    overwrite: bool = False,
    spark: SparkSession | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Write a model file that computes in int8, as ``./stoker quantize`` does.

    Parameters
    ----------
    checkpoint : path-like
        A checkpoint folder, a ``model.zip``, or a run folder.
    data : path-like
        The folder of shards, on which accuracy and ranges of values are measured.
    output : path-like
        The model file to write; ``evaluate``, ``predict`` and ``StokerModel.load`` take it.
    most_loss : float
        The percentage points of accuracy that may be lost.
    split : str, optional
        The split (default: ``validation``, else ``test``, else ``train``).
    overwrite : bool
        Replace a model file that is there.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).
    **options : Any
        More options of the command, see ``stoker.help_text("quantize")``.

    Returns
    -------
    dict
        ``output``, ``accuracy``, ``accuracy_before``, ``points_lost``, ``layers_in_int8``...

    Raises
    ------
    DamagedDataError
        If more accuracy is lost than ``most_loss``; nothing is written.
    StokerError
        If it fails otherwise, with one line.
    """
    result = run_command(
        "quantize",
        spark=spark,
        checkpoint=checkpoint,
        data=data,
        output=output,
        most_loss=most_loss,
        split=split,
        overwrite=overwrite,
        **options,
    )
    if "output" not in result:
        worst = ", ".join(
            f"{layer['layer']} ({layer['points_lost']:.2f})"
            for layer in result.get("layers", [])[:3]
            if "points_lost" in layer
        )
        raise DamagedDataError(
            f"int8 loses {result['points_lost']:.2f} points of accuracy, most_loss allows"
            f" {most_loss:g}: nothing was written"
            + (f" (layers that lose most, alone: {worst})" if worst else "")
        )
    return result


def inspect_run(run: PathLike, *, spark: SparkSession | None = None) -> dict[str, Any]:
    """Read a run folder, while it trains or after.

    Parameters
    ----------
    run : path-like
        The run folder, on any storage that Spark reaches.
    spark : pyspark.sql.SparkSession, optional
        The session to run in (default: the active one, else a new one).

    Returns
    -------
    dict
        ``config``, ``versions``, ``state`` (``running``, ``finished``, ``interrupted`` or
        ``damaged``), ``planned_rounds``, and two pandas data frames: ``rounds`` with a row for
        each round, whose seconds by phase are columns ``seconds_...``, and ``validations``.

    Raises
    ------
    StokerError
        If there is no run, or it is damaged, with one line.
    """
    pandas = data_frames()
    spark = _session.current(spark)
    door = _session.door(spark)
    info = _result(door.inspectRun(spark._jsparkSession, os.fspath(run)))
    rounds = [_flat(each) for each in info["rounds"]]
    info["rounds"] = pandas.DataFrame(rounds)
    info["validations"] = pandas.DataFrame(info["validations"])
    return info


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            flat.update({f"{key}_{part}": number for part, number in value.items()})
        else:
            flat[key] = value
    return flat


def data_frames() -> Any:
    """Return pandas, which is optional."""
    try:
        import pandas
    except ImportError:
        raise InvalidInputError("pandas is not installed: pip install 'stoker[plot]'") from None
    return pandas
