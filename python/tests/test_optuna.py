# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "python" / "optuna_study.py"


def run(data: Path, runs: Path) -> list[str]:
    ended = subprocess.run(
        [
            *(sys.executable, EXAMPLE, data, runs, "--split", "test", "--epochs", "2"),
            *("--trials", "3", "--at-once", "2", "--master", "local[2]"),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [line for line in ended.stdout.splitlines() if re.match("trial |best: ", line)]


def test_an_optuna_study_trains_its_trials_with_stoker(data: Path, tmp_path: Path) -> None:
    first = run(data, tmp_path / "runs")
    assert len(first) == 4
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["0", "1", "2"]

    assert run(data, tmp_path / "runs") == first  # Runs that are there are not trained again.
