# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "python" / "images_to_table.py"


def test_the_example_makes_a_scored_table_of_a_folder(images: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            *(sys.executable, EXAMPLE, images, tmp_path / "output"),
            *("--channels", "1", "--batch", "8", "--epochs", "8", "--master", "local[2]"),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "accuracy on the test split: " in ended.stdout
    right = duckdb.sql(
        "SELECT avg((path LIKE concat('%/', predictedLabel, '/%'))::INT), count(*)"
        f" FROM '{tmp_path}/output/scored/*.parquet'"
    ).fetchall()
    assert right[0][0] > 0.9
    assert right[0][1] == 120
    assert (tmp_path / "output" / "run.png").exists()
