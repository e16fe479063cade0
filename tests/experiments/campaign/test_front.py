"""``spikeoff front``: its runs are distinct, and it goes on as a race does."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeoff.contenders import family_sizes
from spikeoff.contenders.family_sizes import DEFAULT, SIZES
from spikeoff.contenders.presets import Preset
from spikeoff.contenders.twins import deciding
from spikeoff.errors import UserError
from spikeoff.experiments.campaign import front_entries
from tests import program, small_data


@pytest.mark.parametrize("preset", ["quick", "original"])
def test_networks_are_distinct(preset: Preset, tmp_path: Path) -> None:
    runs = front_entries(tuple(SIZES), (0, 1), preset, {"n_train": 100}, tmp_path)
    assert len({run.place for run in runs}) == len(runs)
    configs = [(run.contender, deciding(run.config)) for run in runs if run.config.seed == 0]
    assert all(configs.count(one) == 1 for one in configs)
    assert 2 * len(configs) == len(runs)
    assert {run.config.n_train for run in runs} == {100}


def test_every_family_has_six_sizes_or_more() -> None:
    assert all(len(sizes) >= 6 for sizes in SIZES.values())
    assert set(DEFAULT) <= set(SIZES)


def test_a_family_without_sizes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="names 'nobody', of which no sizes are listed"):
        front_entries(("nobody",), (0,), "quick", {}, tmp_path)
    with pytest.raises(UserError, match="names mlp twice"):
        front_entries(("mlp", "mlp"), (0,), "quick", {}, tmp_path)


@pytest.mark.slow
def test_a_front_runs_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program.run_here(monkeypatch)
    sizes = {"mlp": [{"hidden": (n,)} for n in (4, 8, 16)]}
    monkeypatch.setattr(family_sizes, "SIZES", sizes)
    output = tmp_path / "front"
    begin = ["front", "--families", *sizes, "--epochs", "1", "--n_train", "300",
             "--n_validation", "50", "--num_threads", "1", "--timing_seconds", "0",
             "--energy_seconds", "0", "--mnist_path", small_data.path(),
             "--output", str(output)]  # fmt: skip
    done = program.spikeoff(*begin)
    assert done.returncode == 0, done.stderr
    assert "Equal accuracy" in (output / "comparison.html").read_text()
    first = output / "mlp" / "hidden=8" / "seed-0" / "summary.json"
    before = first.stat().st_mtime_ns
    assert "holds a race already" in program.spikeoff(*begin).stderr
    again = program.spikeoff("front", "--resume", output)
    assert again.returncode == 0, again.stderr
    assert first.stat().st_mtime_ns == before
    refused = program.spikeoff("front", "--resume", output, "--families", "mlp")
    assert "can be given with --resume" in refused.stderr
