"""The Diehl & Cook contender: settings, files, exact continuation, threads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.diehl_cook.config import DiehlCookConfig
from spikeoff.contenders.diehl_cook.connections import read_connection, write_generated
from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.diehl_cook.figures import field_grid
from spikeoff.contenders.diehl_cook.files import read_responses
from spikeoff.contenders.diehl_cook.recent_responses import Running
from spikeoff.data import Dataset, split
from spikeoff.errors import UserError
from spikeoff.experiments import training
from spikeoff.run.run_record import RunRecord
from tests import small_data

TINY: dict[str, Any] = {
    "n_e": 20, "example_time": 0.1, "resting_time": 0.03, "input_intensity": 8.0,
    "n_train": 200, "n_validation": 20, "mnist_path": small_data.path(),
}  # fmt: skip


def train(folder: Path, **changes: Any) -> RunRecord:
    return training.train("diehl-cook", DiehlCookConfig(save_path=folder, **{**TINY, **changes}))


def weights(record: RunRecord) -> bytes:
    return (record.folder / "weights.safetensors").read_bytes()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    folder = tmp_path_factory.mktemp("diehl-cook") / "run"
    return train(folder, num_examples=300, save_interval=100, update_interval=100, n_e2=6)


@pytest.mark.slow
def test_more_examples_than_images_are_further_passes(record: RunRecord) -> None:
    assert [row["epoch"] for row in record.rows] == [1, 2]
    times = record.summary["time"]
    assert times["train_ms_per_example"] == pytest.approx(1000 * times["train_s"] / 300)


def test_checkpoints_accuracies_and_both_layers_are_written(record: RunRecord) -> None:
    names = {path.name for path in record.folder.iterdir()}
    assert {
        "XeAe.npy", "AeAi.npy", "AiAe.npy", "AeBe.npy", "BeBi.npy", "BiBe.npy", "theta_A.npy",
        "theta_B.npy", "weights.png", "accuracy.png",
    } <= names  # fmt: skip
    for seen in (100, 200, 300):
        assert {f"XeAe{seen}.npy", f"checkpoint_{seen}.safetensors"} <= names
        responses, labels = read_responses(record.folder, str(seen))
        assert responses.shape == (100, 26)
        assert labels.shape == (100,)


def test_final_weights_are_those_of_the_state_and_normalised_next_time(record: RunRecord) -> None:
    listed = read_connection(record.folder / "XeAe.npy", (784, 20), complete=True)
    assert ((listed >= 0) & (listed <= 1)).all()
    np.testing.assert_allclose(listed.sum(0), 78, rtol=0.2)


def test_the_record_tells_all_votes(record: RunRecord) -> None:
    votes = record.summary["votes"]
    assert votes[votes["chosen"]] == record.summary["accuracy"]["test"]
    assert set(votes) == {"chosen", "class-mean", "proportional", "learned"}


@pytest.mark.slow
@pytest.mark.parametrize("at", [100, 200])
def test_a_run_that_goes_on_from_a_checkpoint_ends_with_the_same_bits(
    record: RunRecord, tmp_path: Path, at: int
) -> None:
    folder = tmp_path / "continued"
    folder.mkdir()
    shutil.copy(record.folder / f"checkpoint_{at}.safetensors", folder)
    again = train(folder, num_examples=300, save_interval=100, n_e2=6, resume_from=at)
    assert weights(again) == weights(record)
    assert (again.answers == record.answers).all()
    for path in record.folder.glob("??[AB]?.npy"):
        assert (folder / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    one, two = (train(tmp_path / str(n), num_threads=n) for n in (1, 2))
    assert weights(one) == weights(two)
    assert (one.answers == two.answers).all()


def test_weights_are_taken_from_data_path_or_its_random(tmp_path: Path) -> None:
    write_generated(tmp_path / "random", 30, 30, seed=5)
    contender = DiehlCook(DiehlCookConfig(data_path=tmp_path))
    assert "read from" in contender.notes[0]
    np.testing.assert_allclose(
        contender.state()["weights_0"].T,
        read_connection(tmp_path / "random" / "XeAe.npy", (784, 30)),
        rtol=1e-6,
    )
    with pytest.raises(UserError, match=r"`n_e` \(=40\) does not fit .*30 neurons"):
        DiehlCook(DiehlCookConfig(data_path=tmp_path, n_e=40))


def test_without_files_weights_are_generated_and_the_run_says_so(tmp_path: Path) -> None:
    contender = DiehlCook(DiehlCookConfig(data_path=tmp_path))
    assert "generated" in contender.notes[0]
    assert contender.state()["weights_0"].shape == (400, 784)


def test_a_checkpoint_that_is_missing_or_damaged_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no checkpoint_50\.safetensors in"):
        DiehlCook(DiehlCookConfig(resume_from=50, save_path=tmp_path))
    (tmp_path / "checkpoint_50.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(UserError, match=r"checkpoint_50\.safetensors: damaged"):
        DiehlCook(DiehlCookConfig(resume_from=50, save_path=tmp_path))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_e", 1), ("n_i", 0), ("n_e2", 1), ("example_time", 0.0), ("resting_time", 0.001),
        ("dt", 2.0), ("num_examples", 0), ("update_interval", 0), ("weight_update_interval", 0),
        ("save_interval", 0), ("input_intensity", float("nan")), ("weight_sum", -1.0),
        ("gain_2", 0.0), ("response_inhibition", -0.5), ("resume_from", 0),
    ],
)  # fmt: skip
def test_settings_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"`{field}` .* must be"):
        DiehlCookConfig(**{field: value})


def test_weaker_inhibition_in_answers_gives_more_spikes() -> None:
    images = split(small_data.dataset(), seed=0, n_validation=0, n_train=100).train
    spikes = []
    for strength in (0.0, 1.0):
        fields = {key: TINY[key] for key in TINY if not key.startswith("n_") or key == "n_e"}
        contender = DiehlCook(DiehlCookConfig(response_inhibition=strength, **fields))
        spikes.append(contender.account(images).activity.hidden_per_example)
    assert spikes[0] > 2 * spikes[1]


def test_fields_lie_side_by_side() -> None:
    grid = field_grid(np.arange(5)[:, None] * np.ones(784))
    assert grid.shape == (57, 86)
    assert grid[0, 0] == 0
    assert grid[29, 29] == 4
    assert np.isnan(grid[28]).all()


@pytest.mark.parametrize(
    ("seen", "asked", "count"), [(60_000, None, 60_000), (4_000, None, 10_000), (4_000, 500, 500)]
)
def test_a_short_training_is_labelled_by_a_stated_number_of_images(
    mnist: Dataset, seen: int, asked: int | None, count: int
) -> None:
    contender = DiehlCook(DiehlCookConfig(n_e=4, label_examples=asked))
    contender._seen = seen
    chosen = contender.scored_training(mnist.train)
    assert len(chosen) == count == len(np.unique(chosen.ids))
    first = np.random.default_rng([0, 1]).permutation(len(mnist.train))[:count]
    assert np.isin(mnist.train.ids[first], chosen.ids).all()


def test_the_learning_curve_scores_images_by_labels_from_before_them() -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8), 300)
    perfect = np.eye(10, dtype=np.int32)[labels]
    silent = np.zeros_like(perfect)
    running, again = Running(10, 30_000), Running(10, 30_000)
    for part in range(0, 2_000, 100):
        running.add(perfect[part : part + 100], labels[part : part + 100])
    again.load(running.snapshot())
    for one in (running, again):
        for part in range(0, 1_000, 100):
            one.add(silent[part : part + 100], labels[part : part + 100])
        assert one.curve == [(1_000, 1.0), (2_000, 1.0), (3_000, 0.1)]
