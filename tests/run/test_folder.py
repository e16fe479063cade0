"""Reading a run's folder when it is not what it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.errors import UserError
from spikeoff.run.json_files import plain
from spikeoff.run.run_record import find_runs, read_run

RECORD = Path(__file__).parents[1] / "fuzz" / "corpus" / "json" / "summary.json"
SUMMARY: dict[str, Any] = json.loads(RECORD.read_text())


def folder(path: Path) -> Path:
    """A small finished run."""
    path.mkdir(parents=True)
    (path / "summary.json").write_text(json.dumps(SUMMARY))
    (path / "m.csv").write_text("epoch,loss\n1,0.5\n2,\n")
    scores = np.eye(10, dtype=np.float32)
    digits = np.arange(10, dtype=np.uint8)
    np.savez(path / "predictions.npz", ids=np.arange(10), labels=digits, scores=scores)
    return path


def test_a_good_folder(tmp_path: Path) -> None:
    record = read_run(folder(tmp_path / "run"))
    assert record.rows == [{"epoch": 1.0, "loss": 0.5}, {"epoch": 2.0, "loss": None}]
    np.testing.assert_array_equal(record.confusion(), np.eye(10))


FAULTS: dict[str, tuple[str, bytes | None]] = {
    "no run in this folder": ("summary.json", None),
    "damaged": ("summary.json", b'{"contender": '),
    "Expected `object`, got `array`": ("summary.json", b"[]"),
    "missing required field `contender`": ("summary.json", b"{}"),
    "Expected `int`, got `str` - at `\\$.seed`": (
        "summary.json",
        json.dumps(SUMMARY | {"seed": "0"}).encode(),
    ),
    "Expected `int` <= .* - at `\\$.parameters`": (
        "summary.json",
        json.dumps(SUMMARY | {"parameters": 1 << 200}).encode(),
    ),
    "must be the name of a file beside": (
        "summary.json",
        json.dumps(SUMMARY | {"files": {"metrics": "../m.csv"}}).encode(),
    ),
    "a row without its epoch": ("m.csv", b"loss\n0.5\n"),
    "field `test_ms_per_example` - at `\\$.time`": (
        "summary.json",
        json.dumps(SUMMARY | {"time": {"train_s": 1}}).encode(),
    ),
    "m.csv: cannot be read": ("m.csv", b"epoch\nabc\n"),
    "predictions.npz: cannot be read": ("predictions.npz", None),
    "not a readable .npz": ("predictions.npz", b"PK"),
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_damaged_folder(tmp_path: Path, message: str) -> None:
    path = folder(tmp_path / "run")
    name, content = FAULTS[message]
    if content is None:
        (path / name).unlink()
    else:
        (path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        read_run(path)
    assert "\n" not in str(caught.value)


def test_predictions_of_another_shape(tmp_path: Path) -> None:
    path = folder(tmp_path / "run")
    fields: Any = {"ids": np.arange(3), "labels": np.zeros(3, np.uint8), "scores": np.zeros((3, 9))}
    np.savez(path / "predictions.npz", **fields)
    with pytest.raises(UserError, match="not the predictions of a run"):
        read_run(path)


def test_runs_are_found_below_and_none_twice(tmp_path: Path) -> None:
    one, two = folder(tmp_path / "a" / "x"), folder(tmp_path / "a" / "y")
    assert find_runs([tmp_path, two]) == [one, two]
    with pytest.raises(UserError, match="no finished run"):
        find_runs([tmp_path / "b"])


def test_plain_json_has_no_nan_and_no_objects() -> None:
    value = {"a": np.float32(0.5), "b": float("nan"), "c": Path("x"), "d": (np.int64(3),)}
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == {
        "a": 0.5,
        "b": None,
        "c": "x",
        "d": [3],
    }
