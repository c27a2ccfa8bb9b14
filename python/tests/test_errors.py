# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import stoker
from stoker import _jobs, _session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def one_line(error: pytest.ExceptionInfo[Any]) -> str:
    """Return an exception's text, which must be one line, without Py4J's exception as its cause."""
    text = str(error.value)
    assert len(text.splitlines()) == 1
    assert "Py4J" not in text
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None
    return text


def test_missing_data_is_invalid_input(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(stoker.InvalidInputError) as error:
        stoker.train(tmp_path / "none", tmp_path / "run", "lenet5")

    assert "none" in one_line(error)
    assert error.value.exit_code == 2


def test_an_unknown_option_suggests_the_nearest(spark: SparkSession, data: Path) -> None:
    with pytest.raises(stoker.InvalidInputError) as error:
        stoker.train(data, "run", "lenet5", learning_rte=0.1)

    assert "did you mean 'learning_rate'?" in one_line(error)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"workers": 0}, "Invalid workers: 0"),
        ({"model": "no-such-model"}, "no-such-model"),
        ({"mlflow": "http://ann:secret@host"}, "not shown, a password may be in it"),
        ({"gang": True}, "cannot be set in a running session"),
    ],
)
def test_bad_options_are_one_line(
    spark: SparkSession, data: Path, tmp_path: Path, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(stoker.InvalidInputError) as error:
        stoker.train(data, tmp_path / "run", **{"model": "lenet5", **options})

    assert text in one_line(error)


def test_a_damaged_checkpoint_is_damaged_data(
    spark: SparkSession, data: Path, trained: dict[str, Any], tmp_path: Path
) -> None:
    damaged = tmp_path / "model.zip"
    checkpoint = Path(trained["checkpoint"].removeprefix("file:"))
    content = bytearray((checkpoint / "model.zip").read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)

    with pytest.raises(stoker.DamagedDataError) as error:
        stoker.evaluate(damaged, data)
    assert error.value.exit_code == 3
    one_line(error)

    with pytest.raises(stoker.StokerError) as error:
        stoker.StokerModel.load(str(damaged)).transform(spark.range(1))
    one_line(error)

    run = tmp_path / "run"
    shutil.copytree(checkpoint.parent.parent, run)
    (run / "checkpoints" / checkpoint.name / "model.zip").write_bytes(content)
    with pytest.raises(stoker.DamagedDataError) as error:
        stoker.run_command("checkpoints", run)
    assert "are damaged" in one_line(error)


def test_images_of_which_none_can_be_read_are_invalid_input(
    spark: SparkSession, trained: dict[str, Any], tmp_path: Path
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    (images / "1.png").write_text("no image")

    with pytest.raises(stoker.InvalidInputError) as error:
        stoker.predict(trained["run"], images, output=tmp_path / "predictions")
    assert "Cannot read any image" in one_line(error)

    with pytest.raises(stoker.InvalidInputError, match="not for single images"):
        stoker.predict(trained["run"], [images / "1.png"], output=tmp_path / "predictions")


def test_a_run_that_is_not_there_is_one_line(spark: SparkSession, tmp_path: Path) -> None:
    for call in (stoker.inspect_run, stoker.plot_run):
        with pytest.raises(stoker.InvalidInputError) as error:
            call(tmp_path / "none")
        assert "none" in one_line(error)


def test_wrong_columns_and_params_are_one_line(
    spark: SparkSession, images: Path, trained: dict[str, Any]
) -> None:
    rows = (
        spark.read.format("binaryFile")
        .load(str(images / "left"))
        .selectExpr("content", "0 AS label", "array(1, 2) AS numbers")
    )
    model = stoker.StokerModel.load(trained["run"])
    with pytest.raises(stoker.InvalidInputError) as error:
        model.setParams(inputCol="no-such-column").transform(rows)
    assert "no-such-column" in one_line(error)
    with pytest.raises(stoker.InvalidInputError) as error:
        model.setParams(inputCol="numbers").transform(rows)
    one_line(error)
    for params in ({"labelCol": "none"}, {"inputCol": "numbers"}, {"model": "no-such-model"}):
        classifier = stoker.StokerClassifier(**{"model": "lenet5", **params})
        with pytest.raises(stoker.InvalidInputError) as error:
            classifier.fit(rows)
        one_line(error)
    with pytest.raises(stoker.InvalidInputError) as error:
        stoker.StokerClassifier(model="lenet5", numWorkers=0).fit(rows)
    assert "numWorkers" in one_line(error)
    with pytest.raises(TypeError, match="maxItr"):
        stoker.StokerClassifier(maxItr=3)
    with pytest.raises(TypeError, match="maxIter"):
        stoker.StokerClassifier(maxIter="three")


def test_one_class_and_no_rows_are_one_line(spark: SparkSession, images: Path) -> None:
    rows = (
        spark.read.format("binaryFile")
        .load(str(images / "left"))
        .selectExpr("content", "'left' AS label")
    )
    classifier = stoker.StokerClassifier(model="lenet5")
    for frame in (rows, rows.limit(0)):
        with pytest.raises(stoker.InvalidInputError) as error:
            classifier.fit(frame)
        one_line(error)


def write_parquet(file: Path, rows: list[dict[str, Any]], **options: Any) -> None:
    """Write a table as PyArrow does; without rows it has an empty row group."""
    import pyarrow
    import pyarrow.parquet

    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    schema = pyarrow.schema([("image", image), ("label", pyarrow.int64())])
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    with pyarrow.parquet.ParquetWriter(file, schema, **options) as writer:
        writer.write_table(table)


def encryption(plaintext_footer: bool) -> Any:
    """Return PyArrow's properties of files with an encrypted column of images."""
    from pyarrow.parquet import encryption as parquet

    class Keys(parquet.KmsClient):
        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            return key_bytes.hex().encode()

        def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
            return bytes.fromhex(wrapped_key.decode())

    configuration = parquet.EncryptionConfiguration(
        footer_key="footer",
        column_keys={"images": ["image.bytes"]},
        plaintext_footer=plaintext_footer,
    )
    return parquet.CryptoFactory(lambda _: Keys()).file_encryption_properties(
        parquet.KmsConnectionConfig(), configuration
    )


def test_tables_that_cannot_be_read_are_one_line(spark: SparkSession, tmp_path: Path) -> None:
    row = {"image": {"bytes": b"x", "path": "x.png"}, "label": 1}
    write_parquet(tmp_path / "empty.parquet", [])
    write_parquet(
        tmp_path / "all.parquet", [row], encryption_properties=encryption(plaintext_footer=False)
    )
    write_parquet(
        tmp_path / "column.parquet", [row], encryption_properties=encryption(plaintext_footer=True)
    )
    for name, text in {
        "empty": "has no rows",
        "all": "all.parquet: it is encrypted",
        "column": "its column image.bytes is encrypted",
    }.items():
        with pytest.raises(stoker.InvalidInputError) as error:
            stoker.prepare(tmp_path / f"{name}.parquet", tmp_path / "out", format="parquet")
        assert text in one_line(error)
    rows = spark.read.parquet(str(tmp_path / "column.parquet"))
    with pytest.raises(stoker.InvalidInputError, match="Cannot read the data frame: it is encryp"):
        stoker.StokerClassifier(inputCol="image", model="lenet5").fit(rows)


def jar_for(line: str, folder: Path) -> Path:
    jar = folder / "stoker.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr(
            "META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nStoker-Spark-Line: {line}\r\n"
        )
    return jar


def test_a_jar_for_another_spark_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import pyspark

    other, own = ("3.5", "4.2.0") if pyspark.__version__.startswith("4") else ("4", "3.5.9")
    with pytest.raises(stoker.InvalidInputError) as error:
        stoker.find_jar(jar_for(other, tmp_path))
    assert f"is for Spark {other}, and PySpark is {pyspark.__version__}" in one_line(error)
    jar = jar_for("4" if other == "3.5" else "3.5", tmp_path)
    assert stoker.find_jar(jar) == str(jar)
    assert own
    for unknown in ("4.0.1", "4.4.0"):
        monkeypatch.setattr(pyspark, "__version__", unknown)
        with pytest.raises(stoker.InvalidInputError, match=f"PySpark is {unknown}: "):
            stoker.find_jar(jar)


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("25.0.1", "is Java 25.0.1, and Stoker for Spark "),
        ("26", "runs on Java 17"),
        ("1.8.0_402", "is Java 8.0, and"),
        (None, "Cannot run "),
    ],
)
def test_another_java_is_refused_before_it_starts(
    version: str | None, text: str, tmp_path: Path
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    if version:
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        java.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", "import stoker; stoker.session(master='local[1]')"],
        env={**os.environ, "JAVA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("stoker._errors.MissingResourcesError: ")
    assert str(java) in last
    assert text in last


def test_says_where_it_looked_for_the_jar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STOKER_HOME", str(tmp_path))
    with pytest.raises(stoker.InvalidInputError) as error:
        stoker.find_jar()
    assert f"STOKER_HOME={tmp_path}" in one_line(error)
    with pytest.raises(stoker.InvalidInputError, match="nowhere"):
        stoker.find_jar(tmp_path / "nowhere.jar")
    (tmp_path / "no.jar").write_bytes(b"no jar")
    with pytest.raises(stoker.InvalidInputError, match="Cannot read"):
        stoker.find_jar(tmp_path / "no.jar")


def test_a_session_without_the_jar_is_refused() -> None:
    program = (
        "import stoker\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.master('local[1]').config('spark.ui.enabled', False)"
        ".getOrCreate()\n"
        "for call in (lambda: stoker.train('d', 'r', 'm'), stoker.StokerClassifier,"
        " lambda: stoker.StokerModel.load('r')):\n"
        "    try:\n"
        "        call()\n"
        "    except stoker.InvalidInputError as error:\n"
        "        print('refused:', error)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )

    refused = [line for line in ended.stdout.splitlines() if line.startswith("refused:")]
    assert len(refused) == 3, ended.stderr
    assert all("has no stoker.jar: start it with stoker.session()" in line for line in refused)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            "go on with --resume, or choose another --run",
            "go on with resume, or choose another run",
        ),
        ("Unknown option: --epoch (--learning-rate)", "Unknown option: epoch (learning_rate)"),
        ("see ./stoker prepare --help", 'see stoker.help_text("prepare")'),
        ("lower --executor-memory", "lower --executor-memory"),
        ("Cannot read a--b and --c=3", "Cannot read a--b and c=3"),
    ],
)
def test_a_message_names_what_python_has(message: str, text: str) -> None:
    assert _jobs._in_python(message) == text


def test_finds_the_jar_of_the_checkout_that_it_was_installed_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            url = (tmp_path / "a b" / "python").as_uri()
            return json.dumps({"url": url}) if name == "direct_url.json" else None

    monkeypatch.setattr(_session.metadata, "distribution", lambda name: Installed())
    assert _session._checkouts() == [tmp_path / "a b"]
    monkeypatch.setattr(Installed, "read_text", lambda self, name: None)
    assert _session._checkouts() == []
