# SPDX-License-Identifier: Apache-2.0
"""The estimators and models of Spark ML, which call those of ``stoker.jar``."""

from __future__ import annotations

import difflib
import functools
import io
import sys
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stoker import _session
from stoker._errors import InvalidInputError, MissingResourcesError, translated
from stoker._jobs import inspect_run

try:
    from pyspark import keyword_only
    from pyspark.ml.util import JavaMLReadable, JavaMLReader, JavaMLWritable, JavaMLWriter
    from pyspark.ml.wrapper import JavaEstimator, JavaModel
except ImportError as error:
    raise MissingResourcesError(
        f"stoker needs PySpark with NumPy ({error}): pip install 'stoker[spark]', or"
        " 'pyspark~=3.5.0' and numpy for a stoker.jar for Spark 3.5"
    ) from None

from stoker._params import ClassifierParams, ModelParams, TunerParams
from stoker._tune import space_text

if TYPE_CHECKING:
    from pandas import DataFrame as PandasFrame
    from pyspark.ml.param import Params
    from pyspark.sql import DataFrame

_PACKAGE = "io.stoker.driver.ml"


class _Reader(JavaMLReader):
    """Reads with the Java class of a Python class, and fails with one line."""

    @classmethod
    def _java_loader_class(cls, clazz: type) -> str:
        _session.door(_session.current(None))
        return f"{_PACKAGE}.{clazz.__name__}"

    def load(self, path: str) -> Any:
        """Load what ``save`` wrote.

        Parameters
        ----------
        path : str
            A path or a URI.
        """
        with translated():
            return super().load(path)


class _Readable(JavaMLReadable):
    @classmethod
    def read(cls) -> Any:
        """Return the reader of this class."""
        if _session.is_connect():
            # The client asks the server for the Java class of this module and name.
            return JavaMLReadable.read.__func__(
                type(cls.__name__, (cls,), {"__module__": _PACKAGE})
            )
        return _Reader(cls)


class _Writer(JavaMLWriter):
    """Writes as PySpark does; a failure of Stoker is one line."""

    def save(self, path: str) -> None:
        """Write a folder.

        Parameters
        ----------
        path : str
            A path or a URI.
        """
        with translated():
            super().save(path)


class _Writable(JavaMLWritable):
    def write(self) -> Any:
        """Return the writer of this object."""
        if _session.is_connect():
            return super().write()
        with translated():  # It sends the params to Java, which checks them.
            return _Writer(self)


class _NoSummary(InvalidInputError, RuntimeError):
    """A model has no summary; those of Spark raise a ``RuntimeError``."""


class _NotOfServer(InvalidInputError, AttributeError):
    """An attribute that a server of Spark Connect does not hand out; ``hasattr`` says so too."""


class StokerModel(ModelParams, JavaModel, _Writable, _Readable):
    """A trained network: adds what it sees in images to a data frame.

    Made by :meth:`StokerClassifier.fit`, or loaded from what :meth:`save` wrote, a checkpoint
    folder, a ``model.zip`` or a run folder.

    Examples
    --------
    >>> model = StokerModel.load("run").setInputCol("content")
    >>> scored = model.transform(spark.read.format("binaryFile").load("photos"))
    >>> scored.select("path", "predictedLabel", "probability").show()
    """

    def __init__(self, java_model: Any = None) -> None:
        super().__init__(java_model)
        self._setDefault(**self.DEFAULTS)
        if java_model is not None and not _session.is_connect():
            self._transfer_params_from_java()

    def setParams(self, **params: Any) -> StokerModel:
        """Set params by their names.

        Parameters
        ----------
        **params : Any
            Such as ``inputCol="image"``.
        """
        return self._set(**_known(self, params))

    def _transform(self, dataset: DataFrame) -> DataFrame:
        with translated():
            return super()._transform(dataset)

    def _attribute(self, name: str, *, by_params: bool = False) -> Any:
        if _session.is_connect():
            raise _NotOfServer(
                f"{name} is not there through Spark Connect, whose server hands out attributes of"
                " Spark's own models only"
            )
        with translated():
            # Not always: PySpark looks at numClasses, a param of the classifier, while it copies
            # the params of the classifier to this model.
            if by_params:
                self._transfer_params_to_java()
            return self._call_java(name)

    @property
    def labels(self) -> list[str]:
        """The classes' names: that of class ``i`` is at ``i``."""
        return list(self._attribute("labels"))

    @property
    def numClasses(self) -> int:
        """How many classes there are."""
        return self._attribute("numClasses")

    @property
    def parametersSha256(self) -> str:
        """The SHA-256 of the parameters that predict."""
        return self._attribute("parametersSha256", by_params=True)

    def close(self) -> None:
        """Let go of the networks that executors keep to score with this model.

        Their memory is outside of the heap, or on a graphics card. The model can be used
        afterwards. Networks that no task uses for ten minutes are closed in any case.
        """
        self._attribute("close")

    @property
    def hasSummary(self) -> bool:
        """Whether it was trained in this process, and has not been loaded."""
        return not _session.is_connect() and self._call_java("hasSummary")

    @property
    def summary(self) -> TrainingSummary:
        """How the training went.

        Raises
        ------
        StokerError
            If the model was loaded; it is a ``RuntimeError`` too.
        """
        if _session.is_connect():
            self._attribute("summary")
        if not self.hasSummary:
            raise _NoSummary("No training summary available for this StokerModel: it was loaded")
        with translated():
            return TrainingSummary(self._java_obj.summary())


class TrainingSummary:
    """How a training went.

    Attributes
    ----------
    objectiveHistory : list of float
        The mean loss of each epoch, in nats.
    totalIterations : int
        Epochs.
    stoppedEarly : bool
        Whether it ended before the last epoch.
    runFolder : str
        Where the run is.
    """

    def __init__(self, java: Any) -> None:
        self.objectiveHistory: list[float] = list(java.objectiveHistory())
        self.totalIterations: int = java.totalIterations()
        self.stoppedEarly: bool = java.stoppedEarly()
        self.runFolder: str = java.runFolder()

    def rounds(self) -> PandasFrame:
        """Return a row for each round; see :func:`stoker.inspect_run`."""
        return inspect_run(self.runFolder)["rounds"]


class StokerClassifier(ClassifierParams, JavaEstimator, _Writable, _Readable):
    """Trains a network on the images of a data frame.

    Its params are those of the Java class; ``explainParams`` lists them. It goes into a
    ``Pipeline``, ``CrossValidator`` and ``TrainValidationSplit``.

    Examples
    --------
    >>> classifier = StokerClassifier(inputCol="image", labelCol="label", model="lenet5", maxIter=5)
    >>> model = classifier.fit(images)
    >>> model.transform(photos).select("predictedLabel").show()
    """

    @keyword_only
    def __init__(self, **params: Any) -> None:
        """Make a classifier.

        Parameters
        ----------
        **params : Any
            Params by their names, such as ``model="lenet5"``.
        """
        super().__init__()
        if not _session.is_connect():
            _session.door(_session.current(None))
        self._java_obj = self._new_java_obj(f"{_PACKAGE}.StokerClassifier", self.uid)
        self._setDefault(**self.DEFAULTS)
        self.setParams(**params)

    def setParams(self, **params: Any) -> StokerClassifier:
        """Set params by their names.

        Parameters
        ----------
        **params : Any
            Such as ``maxIter=10``.
        """
        return self._set(**_known(self, params))

    def _fit(self, dataset: DataFrame) -> StokerModel:
        with translated():
            return super()._fit(dataset)

    def _create_model(self, java_model: Any) -> StokerModel:
        return StokerModel(java_model)

    def _copyValues(self, to: Any, extra: Any = None) -> Any:
        super()._copyValues(to, extra)
        if isinstance(to, StokerModel):
            # PySpark gives a model all params of its name; how it computes is its own, as in Java.
            for name in ("batchSize", "precision", "convolution"):
                to._paramMap.pop(to.getParam(name), None)
                to._setDefault(**{name: to.DEFAULTS[name]})
        return to


class StokerTunerModel(JavaModel, _Writable, _Readable):
    """What a :class:`StokerTuner` found: it transforms as the model of the best trial does."""

    _best: StokerModel | None = None

    @property
    def bestModel(self) -> StokerModel:
        """The model of the best trial; this one transforms with its params."""
        if self._best is None:
            self._best = StokerModel(self._call_java("bestModel"))
        return self._best

    def _transfer_params_to_java(self) -> None:
        super()._transfer_params_to_java()
        if self._best is not None:
            self._best._transfer_params_to_java()

    def copy(self, extra: Any = None) -> StokerTunerModel:
        """Return a copy with a best model of its own.

        Parameters
        ----------
        extra : dict, optional
            Params that the copy has in addition.
        """
        self._transfer_params_to_java()
        copied = super().copy(extra)
        copied._best = None
        return copied

    @property
    def studyFolder(self) -> str:
        """Where the study is; empty if the model was loaded."""
        return self._call_java("studyFolder")

    def trials(self) -> DataFrame:
        """Return a row for each result: the trial, its rung, epochs, state, value and options."""
        with translated():
            return self._call_java("trials")

    def _transform(self, dataset: DataFrame) -> DataFrame:
        with translated():
            return super()._transform(dataset)


class StokerTuner(TunerParams, JavaEstimator, _Writable, _Readable):
    """Searches for the best params of a :class:`StokerClassifier`: trials side by side.

    Its params are those of the classifier, which hold for all trials, and those of the search. The
    space is a mapping, YAML, or the path of a file.

    Examples
    --------
    >>> tuner = StokerTuner(
    ...     labelCol="label", model="lenet5", maxIter=9, trials=16, folds=5,
    ...     space={"stepSize": {"from": 0.01, "to": 0.3, "scale": "log"}, "batchSize": [16, 32]})
    >>> tuned = tuner.fit(images)
    >>> tuned.trials().show()
    >>> tuned.bestModel.save("model")
    """

    @keyword_only
    def __init__(self, **params: Any) -> None:
        """Make a tuner.

        Parameters
        ----------
        **params : Any
            Params by their names, such as ``trials=16``.
        """
        super().__init__()
        _session.door(_session.current(None))
        self._java_obj = self._new_java_obj(f"{_PACKAGE}.StokerTuner", self.uid)
        self._setDefault(**self.DEFAULTS)
        self.setParams(**params)

    def setParams(self, **params: Any) -> StokerTuner:
        """Set params by their names.

        Parameters
        ----------
        **params : Any
            Such as ``trials=16``.
        """
        return self._set(**_known(self, params))

    def _set(self, **params: Any) -> StokerTuner:
        if isinstance(params.get("space"), Mapping):
            params["space"] = space_text(params["space"])
        return super()._set(**params)

    def _fit(self, dataset: DataFrame) -> StokerTunerModel:
        with translated():
            return super()._fit(dataset)

    def _create_model(self, java_model: Any) -> StokerTunerModel:
        return StokerTunerModel(java_model)


def _either(of: Params, main: str, other: str) -> str:
    """Return the value of a param that has another name too, by the rule of the Java classes."""
    if not of.isSet(other):
        return of.getOrDefault(main)
    value = of.getOrDefault(other)
    if of.isSet(main) and of.getOrDefault(main) != value:
        raise InvalidInputError(
            f"Invalid columns: {main} is '{of.getOrDefault(main)}', and {other}, which is the"
            f" same, is '{value}' (set one of them)"
        )
    return value


def _share(of: type[Params], main: str, other: str) -> None:
    """Let the getters of both names of a param return the same."""
    for name in (main, other):
        getter = "get" + name[0].upper() + name[1:]

        @functools.wraps(getattr(of, getter))
        def get(self: Params) -> str:
            return _either(self, main, other)

        setattr(of, getter, get)


for _class in (StokerClassifier, StokerTuner, StokerModel):
    _share(_class, "inputCol", "featuresCol")
_share(StokerModel, "probabilityCol", "outputCol")

# What help() and a prompt show.
for _class, _params in ((StokerClassifier, ClassifierParams), (StokerTuner, TunerParams)):
    for _method in (_class.__init__, _class.setParams):
        _method.__signature__ = _params.SIGNATURE
StokerModel.setParams.__signature__ = ModelParams.SIGNATURE


def _known(
    of: ClassifierParams | TunerParams | ModelParams, params: dict[str, Any]
) -> dict[str, Any]:
    """Return the params, or fail on a name that is none, as Python does on an unknown argument."""
    for name in params:
        if not of.hasParam(name):
            near = of.OPTIONS.get(name.replace("_", "").lower()) or next(
                iter(difflib.get_close_matches(name, [param.name for param in of.params], 1)), None
            )
            hint = f"; did you mean '{near}'?" if near else ""
            raise TypeError(f"{type(of).__name__} has no param '{name}'{hint}")
    return params


def _register_java_package() -> None:
    """Let PySpark find these classes by the names of the Java classes.

    It imports ``io.stoker.driver.ml`` for a stage of that Java package in a saved pipeline. Python
    has a module ``io`` of its own, so the rest of the name becomes an attribute of it.
    """
    parent: types.ModuleType = io
    name = "io"
    *packages, last = _PACKAGE.split(".")[1:]
    for part in packages:
        name += "." + part
        module = types.ModuleType(name)
        setattr(parent, part, module)
        sys.modules[name] = parent = module
    setattr(parent, last, sys.modules[__name__])
    sys.modules[_PACKAGE] = sys.modules[__name__]


_register_java_package()
