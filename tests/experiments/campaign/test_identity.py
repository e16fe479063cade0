"""A run's address: what it depends on, and what it does not."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.experiments.campaign import identity
from spikeoff.experiments.campaign.identity import address

OTHERS: dict[str, Any] = {
    "preset": "tuned", "vote": "learned", "initialisation": "kaiming",
    "readout": "hebbian", "hidden": "regular-spiking", "output": "regular-spiking",
    "device": "cpu", "columns": 2, "field": 9, "tdp": 100.0, "num_threads": 2,
}  # fmt: skip
"""A second value where none can be derived from the first."""

DATA = "0" * 64


def of(name: str, config: Any) -> str:
    return address(name, config, DATA, "cuda")


def another(config: Any, name: str) -> Any:
    """The configuration with another value in one field; None where no simple one will do."""
    value = getattr(config, name)
    tries: list[Any] = [OTHERS.get(name)] if name != "engine" else ["brian2", "tensorflow"]
    if isinstance(value, bool):
        tries = [not value]
    elif isinstance(value, int | float):
        tries += [value + 1, value * 2, value / 2]
    elif value is None:
        tries += [1, 3, 0.5]
    for one in tries:
        if one is not None and one != value:
            try:
                return replace(config, **{name: one})
            except Exception:  # the next value may be one
                continue
    return None


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_setting_counts_but_those_without_effect(name: str, tmp_path: Path) -> None:
    kind = find(name)
    config = replace(kind.config_type(), num_threads=1)
    without = {*identity.WITHOUT_EFFECT, "mnist_path", *identity.MEASURING}
    if kind.same_on_any_threads:
        without.add("num_threads")
    changed = {
        field.name: made for field in fields(config)
        if (made := another(config, field.name)) is not None
    }  # fmt: skip
    changed["save_path"] = replace(config, save_path=tmp_path)
    counted = {key for key, made in changed.items() if of(name, made) != of(name, config)}
    assert counted == changed.keys() - without
    assert {"seed", "epochs", "n_train", "device", "checkpoint_minutes"} <= changed.keys()
    assert len(changed) > 0.8 * len(fields(config))


def test_whether_something_is_measured_counts_and_how_long_does_not() -> None:
    config = find("mlp").config_type()
    none = of("mlp", replace(config, timing_seconds=0.0))
    assert none != of("mlp", config) == of("mlp", replace(config, timing_seconds=9.0))


def test_data_device_and_program_count(monkeypatch: pytest.MonkeyPatch) -> None:
    config = find("mlp").config_type()
    here = of("mlp", config)
    assert here != address("mlp", config, "1" * 64, "cuda")
    assert here != address("mlp", config, DATA, "cpu")
    assert of("mlp", replace(config, device="cpu")) == address("mlp", config, DATA, "cpu")
    monkeypatch.setattr(identity, "program", lambda: "another")
    assert here != of("mlp", config)


def test_files_count_by_content_and_not_by_place(tmp_path: Path) -> None:
    config = find("diehl-cook").config_type()
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder in folders:
        (folder / "random").mkdir(parents=True)
        (folder / "random" / "XeAe.npy").write_bytes(
            folder.name.encode() if folder.name == "c" else b""
        )
    one, same, other = (
        of("diehl-cook", replace(config, data_path=folder))  # type: ignore[call-arg]
        for folder in folders
    )
    assert one == same != other
