"""Settings in a TOML file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikeoff.contenders.gradient.mlp import MLPConfig
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.contenders.settings_file import read_settings, settings_text
from spikeoff.errors import UserError

values = st.fixed_dictionaries(
    {},
    optional={
        "epochs": st.integers(1, 10**6),
        "learning_rate": st.floats(1e-12, 1e12, allow_subnormal=False),
        "patience": st.none() | st.integers(1, 100),
        "initialisation": st.sampled_from(["equalised", "kaiming"]),
        "mnist_path": st.text(st.characters(blacklist_categories=["Cs"]), max_size=40),
    },
)


@given(held=values)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(tmp_path: Path, held: dict[str, object]) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(settings_text({"contender": "mlp", **held}), encoding="utf-8", newline="")
    assert read_settings(path, "mlp", MLPConfig) == held


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_default_can_be_written(tmp_path: Path, name: str) -> None:
    kind = find(name).config_type
    held = asdict(kind())
    (tmp_path / "all.toml").write_text(settings_text(held))
    assert read_settings(tmp_path / "all.toml", name, kind) == held


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs =", "no readable TOML"),
        ("epoch = 3", "`epoch` is no setting of MLPConfig"),
        ('epochs = "three"', "`epochs` (=three) must be a whole number"),
        ("epochs = 0", "`epochs` (=0) must be at least 1"),
        ('epochs = "none"', "`epochs` (=none) must be a whole number"),
        ('contender = "cnn"', "`contender` is cnn; these are no settings of mlp"),
        ("[dropout]\nhigh = 1", "`dropout` (="),
        ('"two\\nlines" = 1', "`two lines` is no setting"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_settings(path, "mlp", MLPConfig)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
