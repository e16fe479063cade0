"""A run's address: what it depends on, and what it does not."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from spikeoff.contenders.base import Config
from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.effects import Effect, effects
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.experiments.campaign import identity
from spikeoff.experiments.campaign.identity import address

OTHERS: dict[str, Any] = {"columns": 2, "field": 9, "tdp": 100.0, "num_threads": 2}
"""A second value where none can be derived from the first."""

DATA = "0" * 64

EARLIER = (
    "ae27ef4ef0433e8745fd2e2d7879b68d891f332c7b3b895dedd9cd56cb3bc10c",
    "59e4b84d54c8b3aab65ba6395a417b03750de946a45354dfb3600de8858a7b81",
)
"""Addresses by the version that listed the settings without effect by hand, as a campaign has them:
with the number of validation images."""


def of(name: str, config: Any) -> str:
    return address(name, config, DATA, "cuda")


def choices(kind: type[Any], name: str) -> list[Any]:
    """The values of a field that has a few by name."""
    hint = get_type_hints(kind)[name]
    return list(get_args(hint)) if get_origin(hint) is Literal else []


def another(config: Any, name: str) -> Any:
    """The configuration with another value in one field; None where no simple one will do."""
    value = getattr(config, name)
    tries: list[Any] = [OTHERS.get(name), *choices(type(config), name)]
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
    augmented: Any = {"augment": True} if hasattr(kind.config_type, "augment") else {}
    config: Any = replace(kind.config_type(), num_threads=1, **augmented)
    without = {
        "save_path", "checkpoint_minutes", "checkpoint_examples", "mnist_path", "timing_seconds",
        "energy_seconds",
    }  # fmt: skip
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
    assert len(changed) > 0.7 * len(fields(config))


@dataclass(frozen=True, kw_only=True)
class StrangerConfig(Config):
    """A third party's, which states no effects."""

    depth: int = 2
    places: tuple[int, ...] = ()


class Stranger:
    config_type: type[Config] = Config
    same_on_any_threads = False


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> type[Stranger]:
    """A contender whose address depends on its settings alone."""
    monkeypatch.setattr(identity, "find", lambda _: Stranger)
    monkeypatch.setattr(identity, "program", lambda: "program")
    monkeypatch.setattr(identity, "_versions", lambda _: "libraries")
    monkeypatch.setattr(identity, "_foreign_source", lambda _: None)
    return Stranger


def test_addresses_of_earlier_campaigns_stand(
    stranger: type[Stranger], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert address("stranger", Config(num_threads=2, n_validation=5000), DATA, "cuda") == EARLIER[0]
    monkeypatch.setattr(stranger, "same_on_any_threads", True)
    other = Config(
        seed=3, num_threads=2, device="cpu", save_path=Path("x"), mnist_path="a", n_train=10,
        n_validation=5000, timing_seconds=0.0, tdp=20.0,
    )  # fmt: skip
    assert address("stranger", other, DATA, "cuda") == EARLIER[1]


@pytest.mark.usefixtures("stranger")
def test_a_setting_without_a_stated_effect_decides_the_result() -> None:
    config = StrangerConfig(num_threads=1)
    assert effects(StrangerConfig)["depth"] is Effect.RESULT
    assert of("stranger", config) != of("stranger", replace(config, depth=3))
    assert of("stranger", config) != of("stranger", replace(config, places=(1,)))


def test_a_preset_and_its_values_give_one_address() -> None:
    tuned = DiehlCookConfig(preset="tuned", num_threads=1)
    given = replace(tuned, vote="learned", response_inhibition=0.2, nu_post=0.03)
    assert tuned != given == tuned.resolved()
    assert of("diehl-cook", tuned) == of("diehl-cook", given)


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


@pytest.mark.parametrize("module", ["package.inner.network", "network"])
def test_an_edited_helper_of_another_package_gives_another_address(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in path.parents:
        if folder != tmp_path and tmp_path in folder.parents:
            (folder / "__init__.py").touch()
    helper = path.with_name("helper_of_network.py")
    helper.write_text("WIDTH = 1\n")
    (tmp_path / "another_program.py").write_text("1\n")
    path.write_text("try:\n    import helper_of_network\nexcept ImportError:\n    pass\n"
                    "class Network:\n    pass\n")  # fmt: skip
    monkeypatch.syspath_prepend(tmp_path)
    kind = importlib.import_module(module).Network
    before = identity._foreign_source(kind)
    assert before is not None
    if "." not in module:
        (tmp_path / "another_program.py").write_text("2\n")
        assert identity._foreign_source(kind) == before
    helper.write_text("WIDTH = 2\n")
    assert identity._foreign_source(kind) != before
    for name in [name for name in sys.modules if name.partition(".")[0] in ("package", "network")]:
        monkeypatch.delitem(sys.modules, name)
