# SPDX-License-Identifier: Apache-2.0
"""Trains convolutional networks on Apache Spark by parameter averaging.

The functions run the jobs of ``stoker.jar`` in the JVM of a PySpark session, with the options of
the command line as keyword arguments: ``--learning-rate 0.05`` is ``learning_rate=0.05``.
:class:`StokerClassifier` and :class:`StokerTuner` are estimators of Spark ML.
A job that fails raises :class:`StokerError` with one line that says what was wrong.

Examples
--------
>>> import stoker
>>> spark = stoker.session(master="local[4]")
>>> stoker.prepare("photos", "data")["samples"]
1200
>>> stoker.train("data", "run", "lenet5", epochs=5)["accuracy"]
0.98
"""

from stoker._errors import (
    DamagedDataError,
    InternalError,
    InvalidInputError,
    MissingResourcesError,
    StokerError,
)
from stoker._jobs import (
    evaluate,
    help_text,
    inspect_data,
    inspect_run,
    prepare,
    quantize,
    run_command,
    train,
)
from stoker._plot import plot_run
from stoker._predict import predict
from stoker._session import find_jar, session, spark_config
from stoker._tune import tune
from stoker.ml import StokerClassifier, StokerModel, StokerTuner, StokerTunerModel

__version__ = "0.1.0.dev0"

__all__ = [
    "DamagedDataError",
    "InternalError",
    "InvalidInputError",
    "MissingResourcesError",
    "StokerClassifier",
    "StokerError",
    "StokerModel",
    "StokerTuner",
    "StokerTunerModel",
    "evaluate",
    "find_jar",
    "help_text",
    "inspect_data",
    "inspect_run",
    "plot_run",
    "predict",
    "prepare",
    "quantize",
    "run_command",
    "session",
    "spark_config",
    "train",
    "tune",
]
