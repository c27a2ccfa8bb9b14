# SPDX-License-Identifier: Apache-2.0
"""Spark sessions with ``stoker.jar``, and the door to its classes in their JVM."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from stoker._errors import InvalidInputError, MissingResourcesError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_JAR = "stoker.jar"
_HOME = "STOKER_HOME"
_DOOR = "io.stoker.driver.cli.SessionCommands"
_MIB = 1 << 20


def _pyspark_version() -> str:
    try:
        import pyspark
    except ImportError:
        raise MissingResourcesError(
            "PySpark is not installed: pip install 'stoker[spark]', or 'pyspark~=3.5.0' for a"
            " stoker.jar for Spark 3.5"
        ) from None
    return str(pyspark.__version__)


def _line(version: str) -> str:
    """Name the line of a Spark version: ``3.5``, ``4``, or the version if it has no line."""
    parts = version.split(".")
    if parts[:2] == ["3", "5"]:
        return "3.5"
    if parts[0] == "4" and parts[1:2] in (["1"], ["2"], ["3"]):
        return "4"
    return version


def _line_of_jar(jar: Path) -> str | None:
    """Read the line that a jar was built for from its manifest; None if it does not say."""
    try:
        with zipfile.ZipFile(jar) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF").decode("utf-8", "replace")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"Cannot read {jar}: {error}") from None
    for entry in manifest.splitlines():
        name, _, value = entry.partition(":")
        if name == "Stoker-Spark-Line":
            return value.strip()
    return None


def _require_line(line: str, what: str) -> None:
    version = _pyspark_version()
    if line != _line(version):
        advice = "pyspark~=3.5.0" if line == "3.5" else "pyspark>=4.1,<4.4"
        raise InvalidInputError(
            f"{what} is for Spark {line}, and PySpark is {version}:"
            f" pip install '{advice}', or take the stoker.jar for this PySpark"
        )


def _checkouts() -> list[Path]:
    """Find the checkout that pip installed this package from: pip records it (PEP 610)."""
    try:
        recorded = metadata.distribution("stoker").read_text("direct_url.json")
        url = urlsplit(json.loads(recorded or "{}").get("url", ""))
    except (metadata.PackageNotFoundError, ValueError):
        return []
    return [Path(unquote(url.path)).parent] if url.scheme == "file" else []


def find_jar(jar: str | os.PathLike[str] | None = None) -> str:
    """Find ``stoker.jar``.

    Looks at, in this order: the argument, ``STOKER_HOME`` (the folder of a distribution, or the
    jar), the wheel, the build folders of the checkout that this package is in or was installed
    from.

    Parameters
    ----------
    jar : path-like, optional
        Where it is; a path, or a URI such as ``s3a://bucket/stoker.jar``.

    Returns
    -------
    str
        Its path or URI.

    Raises
    ------
    InvalidInputError
        If there is none, or it is for another line of Spark than PySpark.
    """
    if jar is not None and "://" in str(jar):
        return str(jar)
    package = Path(__file__).resolve().parent
    line = _line(_pyspark_version())
    places: list[tuple[str, Path]] = []
    if jar is not None:
        places.append((str(jar), Path(jar)))
    elif os.environ.get(_HOME):
        home = Path(os.environ[_HOME])
        places.append((f"{_HOME}={home}", home if home.suffix == ".jar" else home / _JAR))
    else:
        places += [("the wheel", found) for found in sorted((package / "jars").glob("*.jar"))]
        target = "target-spark-4" if line == "4" else "target"
        places += [
            ("the checkout", checkout / "deploy" / target / "stoker" / _JAR)
            for checkout in (*package.parents[1:4], *_checkouts())
        ]
    for place, path in places:
        if path.is_file():
            found = _line_of_jar(path)
            if found is not None:
                _require_line(found, f"{path}")
            return str(path.resolve())
        if jar is not None or place.startswith(_HOME):
            raise InvalidInputError(f"Cannot find {_JAR}: {place} holds none")
    raise InvalidInputError(
        f"Cannot find {_JAR}: set {_HOME} to the folder of a Stoker distribution, or say"
        " stoker.session(jar=...)"
    )


def _memory_mib() -> int:
    """Say how much memory this process may use, in MiB: the machine's, or its cgroup's."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(limit).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total // _MIB


def spark_config(
    jar: str | os.PathLike[str] | None = None, *, master: str | None = None
) -> dict[str, str]:
    """Return the Spark configuration of a session for Stoker, as the launcher ``./stoker`` has it.

    Parameters
    ----------
    jar : path-like, optional
        Where ``stoker.jar`` is; see :func:`find_jar`.
    master : str, optional
        Spark's master. For ``local...`` the driver gets the memory that networks need, and its
        ports are on this machine only.

    Returns
    -------
    dict of str to str
        Keys and values for ``SparkSession.builder.config``.
    """
    config = {
        "spark.jars": find_jar(jar),
        # All workers of a round prefer the executor that has the parameters: do not wait for it.
        "spark.locality.wait": "0s",
        # The shuffle moves fp32 values, which compression does not make smaller.
        "spark.shuffle.compress": "false",
        "spark.shuffle.checksum.enabled": "false",
        "spark.broadcast.blockSize": "256k",
        # Blocks are copied out of the heap once on their way to a socket.
        "spark.buffer.write.chunkSize": "256k",
        # One thread for each worker, and one worker for each core.
        "spark.executorEnv.OMP_NUM_THREADS": "1",
        # Networks in pages of 2 MiB.
        "spark.executorEnv.GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "spark.executorEnv.LC_ALL": "C.UTF-8",
    }
    if master is not None and master.startswith("local"):
        memory = _memory_mib()
        # A quarter of the memory for the heap, half for networks, which live outside it.
        config["spark.driver.memory"] = f"{max(1024, min(16384, memory // 4))}m"
        config["spark.driver.defaultJavaOptions"] = (
            f"-Dorg.bytedeco.javacpp.maxbytes={memory // 2}m"
            f" -Dorg.bytedeco.javacpp.maxphysicalbytes={memory * 9 // 10}m"
        )
        config["spark.driver.host"] = "127.0.0.1"
        config["spark.driver.bindAddress"] = "127.0.0.1"
        config["spark.ui.enabled"] = "false"
    return config


def _configuration() -> Path | None:
    """Find the folder of Spark's configuration, if there is one."""
    home = os.environ.get("SPARK_HOME")
    folder = os.environ.get("SPARK_CONF_DIR") or (home and os.path.join(home, "conf"))
    return Path(folder) if folder else None


def _require_java() -> None:
    """Check the Java that PySpark will start: on another one Spark fails with a trace."""
    configuration = _configuration()
    if "PYSPARK_GATEWAY_PORT" in os.environ or (
        configuration and (configuration / "spark-env.sh").exists()
    ):
        return  # Java runs already, or is chosen by a script.
    line = _line(_pyspark_version())
    javas = "17, 21 or 25 (from 25.0.3)" if line == "4" else "17 or 21"
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else "java"
    try:
        done = subprocess.run([java, "-version"], capture_output=True, check=False)
    except OSError:
        raise MissingResourcesError(
            f"Cannot run {java!r}: set JAVA_HOME to a Java {javas}"
        ) from None
    # JAVA_TOOL_OPTIONS, which Java prints, may have any bytes.
    found = re.search(r'version "(?:1\.)?([\d.]+)', done.stderr.decode("utf-8", "replace"))
    if found and not _runs_on(found[1], line):
        raise MissingResourcesError(
            f"{java!r} is Java {found[1]}, and Stoker for Spark {line} runs on Java {javas};"
            " set JAVA_HOME to one of them"
        )


def _runs_on(java: str, line: str) -> bool:
    """Tell whether a line of Spark runs on a version of Java, such as ``17.0.15``."""
    version = tuple(int(part) for part in java.split(".") if part)
    newer = line == "4" and version[:1] == (25,) and version >= (25, 0, 3)
    return version[:1] in ((17,), (21,)) or newer


def session(
    master: str | None = None,
    *,
    app_name: str = "stoker",
    jar: str | os.PathLike[str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> SparkSession:
    """Start a Spark session with ``stoker.jar``, or return the one that runs.

    Parameters
    ----------
    master : str, optional
        Spark's master, such as ``local[4]`` or ``spark://HOST:7077``; as Spark is configured if
        not given, ``local[*]`` where it is not.
    app_name : str
        The application's name.
    jar : path-like, optional
        Where ``stoker.jar`` is; see :func:`find_jar`.
    config : mapping, optional
        More configuration of Spark. It overrides that of :func:`spark_config`; jars of
        ``spark.jars`` are added.

    Returns
    -------
    pyspark.sql.SparkSession

    Raises
    ------
    StokerError
        If there is no ``stoker.jar``, it is for another line of Spark than PySpark, or Java is
        none that Stoker runs on.
    """
    _pyspark_version()
    from pyspark.sql import SparkSession

    given = {key: str(value) for key, value in (config or {}).items()}
    running = SparkSession.getActiveSession()
    if running is not None:
        door(running)
        return running
    master = master or given.get("spark.master")
    if master is None and not _is_master_configured():
        master = "local[*]"
    settings = {**spark_config(jar, master=master), **given}
    if master is not None:
        settings["spark.master"] = master
    if "spark.jars" in given:
        settings["spark.jars"] = given["spark.jars"] + "," + find_jar(jar)
    if master is not None and master.startswith("local"):
        # Networks run in the driver's process, which reads these when it starts.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
    if not any(map(os.path.exists, ("/proc/driver/nvidia", "/dev/nvidiactl", "/dev/dxg"))):
        os.environ.setdefault("BACKEND_PRIORITY_CPU", "1000")
    builder = SparkSession.builder.appName(app_name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    _require_java()
    started = builder.getOrCreate()
    door(started)
    return started


def _is_master_configured() -> bool:
    """Say whether spark-submit, the environment or spark-defaults.conf names a master."""
    if "PYSPARK_GATEWAY_PORT" in os.environ or "--master" in os.environ.get(
        "PYSPARK_SUBMIT_ARGS", ""
    ):
        return True
    folder = _configuration()
    if folder is None:
        return False
    try:
        lines = (folder / "spark-defaults.conf").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(line.replace("=", " ").split()[:1] == ["spark.master"] for line in lines)


def current(spark: SparkSession | None) -> SparkSession:
    """Return the session of a call: the one given, the active one, or a new one on this machine.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession or None
        What the caller gave.
    """
    if spark is not None:
        return spark
    _pyspark_version()
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession() or session()


def is_connect() -> bool:
    """Say whether this process is a client of Spark Connect, whose server has estimators."""
    try:
        from pyspark.sql.utils import is_remote
    except ImportError:
        return False
    return is_remote() and _line(_pyspark_version()) == "4"


def door(spark: SparkSession) -> Any:
    """Return the Java class that runs commands in the session's JVM.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        The session.

    Raises
    ------
    StokerError
        If the session has no ``stoker.jar``, or one for another line of Spark than PySpark.
    """
    from py4j.java_gateway import JavaClass

    version = _pyspark_version()
    jvm = getattr(spark, "_jvm", None)
    if jvm is None or type(spark).__module__.startswith("pyspark.sql.connect"):
        raise InvalidInputError(
            "Stoker's functions need a Spark session with a JVM of its own: this one is of Spark"
            " Connect, where only StokerClassifier and StokerModel of the server can be used"
        )
    if _line(spark.version) != _line(version):
        raise InvalidInputError(
            f"PySpark is {version}, and the session's Spark is {spark.version}: they must be of"
            " one line"
        )
    found = jvm
    for name in _DOOR.split("."):
        found = getattr(found, name)
    if not isinstance(found, JavaClass):
        raise InvalidInputError(
            "The Spark session has no stoker.jar: start it with stoker.session(), or with"
            " spark.jars=/path/to/stoker.jar (find_jar() says where it is)"
        )
    _require_line(found.sparkLine(), "The session's stoker.jar")
    return found
