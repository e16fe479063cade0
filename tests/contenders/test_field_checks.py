"""Settings: whatever is given, it is taken or refused with name, value and rule."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.contenders.base import Config
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.gradient.mlp import MLPConfig
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.errors import UserError
from spikeoff.run.json_files import plain

CONFIGS = [find(name).config_type for name in BUILT_IN]
FIELDS = [(kind, field.name) for kind in CONFIGS for field in dataclasses.fields(kind)]

NEVER: list[Any] = [
    float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 10**5000, -(10**30), b"x", [], {},
    object(), 1j,
]  # fmt: skip
"""What no setting is: not a number, without bound, beyond all use, or of no fitting kind."""

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(),
    st.lists(st.integers(), max_size=3), st.sampled_from(NEVER),
)  # fmt: skip


@pytest.mark.parametrize("kind", CONFIGS, ids=lambda kind: kind.__name__)
def test_what_no_setting_is_gets_refused_by_name(kind: Any) -> None:
    for field in dataclasses.fields(kind):
        for value in NEVER:
            with pytest.raises(UserError, match=rf"^`{field.name}` \(=") as caught:
                kind(**{field.name: value})
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 300


@given(st.sampled_from(FIELDS), anything)
def test_anything_is_taken_or_refused_in_a_line(place: tuple[Any, str], value: Any) -> None:
    kind, name = place
    try:
        config = kind(**{name: value})
    except UserError as error:
        assert str(error).startswith("`")
        assert "must be" in str(error) or "native engine alone" in str(error)
        assert "\n" not in str(error)
    else:
        taken = getattr(config, name)
        assert taken == value or value is None  # a preset fills in what is left out


@pytest.mark.parametrize("kind", CONFIGS, ids=lambda kind: kind.__name__)
def test_settings_go_through_json_and_back(kind: Any) -> None:
    config = kind(save_path=Path("a") / "b", seed=2**32 - 1, num_threads=3)
    assert from_plain(kind, plain(config)) == config


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layered(Config):
    widths: tuple[int, ...] = (3,)


def test_lists_of_numbers_are_taken_and_checked() -> None:
    config = Layered(widths=(512, 256))
    assert from_plain(Layered, plain(config)) == config
    with pytest.raises(UserError, match=r"`widths` \(=512\) must be a list, each entry a"):
        Layered(widths=512)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"`widths` \(=\(1, 99999999999\)\) must be at most"):
        Layered(widths=(1, 99999999999))


def test_unknown_settings_are_named() -> None:
    with pytest.raises(UserError, match="`n_hiden` is no setting of MLPConfig"):
        from_plain(MLPConfig, {"n_hiden": 3})
