"""Contenders by name, and how a third party adds one: the first example of docs/extending.md."""

from __future__ import annotations

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from spikeoff.contenders import registry
from spikeoff.errors import UserError
from spikeoff.run.session import run

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"'mpl' is no contender; choose from .*mlp"):
        registry.find("mpl")


def test_the_documented_contender_registers_trains_and_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        if "class" in block
    )
    assert code.count("\n") <= 45
    module = ModuleType("nearest_mean")
    exec(compile(code, PAGE.name, "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "nearest_mean", module)
    name, path = re.findall(r'^([\w-]+) = "(nearest_mean:\w+)"', PAGE.read_text(), re.MULTILINE)[0]
    point = EntryPoint(name, path, registry.GROUP)
    monkeypatch.setattr(registry, "registered", lambda _: {point.name: point.value})
    assert name in registry.names()
    config = registry.find(name).config_type(
        epochs=1, n_train=5000, n_validation=500, save_path=tmp_path / "run"
    )
    record = run(name, config)
    # Far from guessing (0.1), short of what a trained network reaches.
    assert 0.78 < record.summary["accuracy"]["test"] < 0.85


def test_every_name_is_one_folder() -> None:
    assert registry.folder_name("my_package:MyNet") == "my_package.MyNet"
    assert registry.folder_name("../runs/a/model.nir") == "runs.a.model.nir"
    assert registry.parse("at@home/model.nir") == ("at@home/model.nir", None)


def test_a_broken_entry_point_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("ghost", "no_such_module:Ghost", registry.GROUP)
    monkeypatch.setattr(registry, "registered", lambda _: {point.name: point.value})
    with pytest.raises(UserError, match="ghost: no_such_module:Ghost does not load"):
        registry.find("ghost")
