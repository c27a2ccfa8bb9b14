# SPDX-License-Identifier: Apache-2.0
"""The params of the Java classes, which ``params.json`` lists, with their getters and setters."""

from __future__ import annotations

import inspect
import json
import pkgutil
from typing import TYPE_CHECKING, Any, ClassVar

from pyspark.ml.param import Param, Params, TypeConverters

_TYPES = {
    "int": (int, TypeConverters.toInt),
    "float": (float, TypeConverters.toFloat),
    "bool": (bool, TypeConverters.toBoolean),
    "str": (str, TypeConverters.toString),
    "list[str]": (list[str], TypeConverters.toListString),
    "list[float]": (list[float], TypeConverters.toListFloat),
}

_TABLE = json.loads(pkgutil.get_data("stoker", "params.json") or b"")


class _TableParams(Params):
    """Params that are made of a table when the class is."""

    DEFAULTS: ClassVar[dict[str, Any]]

    OPTIONS: ClassVar[dict[str, str]]
    """The params by the options of ``./stoker train``, as one word and by the initials."""

    SIGNATURE: ClassVar[inspect.Signature]

    def __init_subclass__(cls, table: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if table is not None:
            cls._add(_TABLE[table])

    if TYPE_CHECKING:
        # Type checkers do not see what the table adds.
        def __getattr__(self, name: str) -> Any: ...

    @classmethod
    def _add(cls, table: dict[str, dict[str, Any]]) -> None:
        cls.DEFAULTS = {
            name: param["default"] for name, param in table.items() if "default" in param
        }
        options = {param["option"]: name for name, param in table.items() if "option" in param}
        cls.OPTIONS = {
            "".join(word[0] for word in option.split("-")): name
            for option, name in reversed(options.items())
            if "-" in option
        }
        cls.OPTIONS.update((option.replace("-", ""), name) for option, name in options.items())
        arguments = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        lines = [cls.__doc__ or "", "", "Attributes", "----------"]
        for name, param in table.items():
            python, convert = _TYPES[param["type"]]
            doc = param["doc"]
            setattr(cls, name, Param(Params._dummy(), name, doc, typeConverter=convert))
            title = name[0].upper() + name[1:]
            for accessor in (_getter(name, python, doc), _setter(name, python, doc)):
                accessor.__name__ += title
                accessor.__qualname__ = f"{cls.__name__}.{accessor.__name__}"
                accessor.__module__ = cls.__module__
                setattr(cls, accessor.__name__, accessor)
            arguments.append(
                inspect.Parameter(
                    name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=param.get("default"),
                    annotation=python,
                )
            )
            lines += [f"{name} : {param['type']}", f"    {doc[0].upper()}{doc[1:]}."]
        cls.SIGNATURE = inspect.Signature(arguments)
        cls.__doc__ = "\n".join(lines)


def _getter(name: str, python: Any, doc: str) -> Any:
    def get(self: Params) -> Any:
        return self.getOrDefault(getattr(self, name))

    get.__doc__ = f"Return ``{name}``: {doc}."
    get.__annotations__ = {"return": python}
    return get


def _setter(name: str, python: Any, doc: str) -> Any:
    def set(self: Params, value: Any) -> Any:
        return self._set(**{name: value})

    set.__doc__ = f"Set ``{name}``: {doc}."
    set.__annotations__ = {"value": python}
    return set


class ClassifierParams(_TableParams, table="StokerClassifier"):
    """The params of ``StokerClassifier``."""


class TunerParams(_TableParams, table="StokerTuner"):
    """The params of ``StokerTuner``."""


class ModelParams(_TableParams, table="StokerModel"):
    """The params of ``StokerModel``."""
