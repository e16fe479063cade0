"""The STDP contender: geometry, files, the probe, plain Hebb, threads."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits

from spikeoff.contenders.izhikevich_stdp.config import OF_OUTPUT_NEURONS, IzhikevichSTDPConfig
from spikeoff.contenders.izhikevich_stdp.contender import IzhikevichSTDP
from spikeoff.contenders.izhikevich_stdp.figures import field_map
from spikeoff.contenders.izhikevich_stdp.layout import Layout
from spikeoff.contenders.izhikevich_stdp.probe import probe
from spikeoff.data import Images, split
from spikeoff.data.split import Split
from spikeoff.errors import UserError
from spikeoff.experiments import training
from spikeoff.kernels.jit import set_threads
from spikeoff.ledger.environment import available_cores
from spikeoff.run.run_record import RunRecord
from tests import small_data

SMALL: dict[str, Any] = {"n_hidden": 100, "epochs": 2, "n_train": 2000, "n_validation": 500}


@functools.cache
def images() -> Split:
    """Images to learn from and others, as many."""
    return split(small_data.dataset(), seed=0, n_validation=2000, n_train=2000)


def train(folder: Path, **changes: Any) -> RunRecord:
    config = IzhikevichSTDPConfig(
        save_path=folder, mnist_path=small_data.path(), **{**SMALL, **changes}
    )
    return training.train("izhikevich-stdp", config)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    return train(tmp_path_factory.mktemp("stdp") / "run")


@pytest.mark.slow
def test_the_files_of_the_seed_and_the_figures_are_there(record: RunRecord) -> None:
    names = {path.name for path in record.folder.iterdir()}
    assert {
        "training_metrics_stdp.csv", "confusion_matrix.png", "training_analysis.png",
        "receptive_fields.png", "spike_raster.png",
    } <= names  # fmt: skip


@pytest.mark.slow
def test_the_metrics_of_the_seed_have_a_row_an_epoch(record: RunRecord) -> None:
    assert [row["epoch"] for row in record.rows] == [1, 2]
    for row in record.rows:
        answers = [row[f"answers_{digit}"] or 0 for digit in range(10)]
        assert sum(answers) == 2000
        for name in (
            "train_accuracy", "validation_accuracy", "spike_rate", "energy_estimate_j",
            "hidden_current", "output_current", "hidden_weight_variance",
            "output_weight_variance", "stdp_change", "hebbian_change",
        ):  # fmt: skip
            assert (row[name] or 0) > 0, name


@pytest.mark.slow
def test_it_learns_and_the_probe_stands_beside_it(record: RunRecord) -> None:
    native = record.summary["accuracy"]["test"]
    assert native > 0.8
    told = record.summary["linear_probe"]
    assert told["native_readout"] == native
    assert told["test"] > 0.8


def learned(**changes: Any) -> IzhikevichSTDP:
    """The small network after two passes over 2,000 images."""
    contender = IzhikevichSTDP(IzhikevichSTDPConfig(n_hidden=100, epochs=2, **changes))
    for epoch in (1, 2):
        list(contender.learn(images().train, epoch))
    return contender


@pytest.fixture(scope="module")
def taught() -> IzhikevichSTDP:
    """The small network as it is by default."""
    return learned(num_threads=1)


def probed(contender: IzhikevichSTDP) -> float:
    contender.conclude(images().train)
    response = contender.respond(images().validation)
    told = contender.record_extras(images().validation, response)["linear_probe"]
    return float(told["test"])


@pytest.mark.slow
@pytest.mark.skipif(available_cores() < 2, reason="one core")
def test_the_number_of_threads_changes_nothing(taught: IzhikevichSTDP) -> None:
    one, two = taught, learned(num_threads=2)
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, two.state()[name], name)
    many = two.respond(images().train)
    set_threads(1)
    np.testing.assert_array_equal(one.respond(images().train).scores, many.scores)
    set_threads(available_cores())


@pytest.mark.slow
def test_plain_hebb_is_a_weaker_readout_of_the_same_features(taught: IzhikevichSTDP) -> None:
    delta, plain = taught, learned(readout="hebbian")
    for name in ("hidden", "theta"):
        np.testing.assert_array_equal(delta.state()[name], plain.state()[name])
    others = images().validation
    weaker = plain.respond(others).accuracy(others) or 0
    assert 0.5 < weaker < (delta.respond(others).accuracy(others) or 0)


@pytest.mark.slow
def test_without_stdp_the_hidden_layer_is_worth_less(taught: IzhikevichSTDP) -> None:
    frozen = learned(stdp_lr=0.0)
    assert frozen.epoch_metrics()["stdp_change"] == 0
    assert probed(taught) - probed(frozen) > 0.02


@pytest.mark.parametrize(
    ("n_hidden", "side"), [(100, 5), (256, 8), (512, 8), (1024, 8), (2048, 8), (101, 1), (12, 2)]
)
def test_columns_are_as_many_as_the_neurons_allow(n_hidden: int, side: int) -> None:
    assert IzhikevichSTDPConfig(n_hidden=n_hidden).side == side


@pytest.mark.parametrize(("side", "field"), [(8, 10), (5, 10), (1, 28), (1, 10), (3, 12)])
def test_every_band_meets_what_its_columns_see(side: int, field: int) -> None:
    layout = Layout(side, 2, field)
    mask, fields = layout.mask(), layout.fields()
    for band, (first, stop) in enumerate(layout.seen()):
        mine = mask[:, band * layout.width : (band + 1) * layout.width]
        assert not mine[:first].any()
        assert not mine[stop:].any()
    np.testing.assert_array_equal(mask.sum(axis=0)[::2], (fields >= 0).sum(axis=1))
    if side > 1 or field == 28:
        assert mask.any(axis=1).reshape(28, 28)[4:24, 4:24].all()


def test_weights_go_by_band_and_back(rng: np.random.Generator) -> None:
    layout = Layout(3, 2, 12)
    weights = rng.random((784, 18)).astype(np.float32)
    blocked = layout.by_band(weights)
    assert blocked.shape == (3, 784, 6)
    np.testing.assert_array_equal(blocked[1], weights[:, 6:12])
    np.testing.assert_array_equal(layout.by_neuron(blocked), weights)


def test_initial_weights_have_length_1_and_lie_in_their_fields() -> None:
    layout = Layout(8, 2, 10)
    weights = layout.initial(seed=3)
    np.testing.assert_allclose(np.linalg.norm(weights, axis=0), 1, rtol=1e-6)
    np.testing.assert_array_equal(weights > 0, layout.mask())


def test_fully_connected_is_one_column_with_the_whole_field(few: Images) -> None:
    contender = IzhikevichSTDP(IzhikevichSTDPConfig(n_hidden=30, columns=1, field=28))
    list(contender.learn(few, 1))
    assert (contender.state()["hidden"] > 0).mean() > 0.5
    assert contender.layout.mask().all()


def test_the_map_shows_every_field_once(rng: np.random.Generator) -> None:
    layout = Layout(2, 3, 10)
    weights = layout.initial(0)
    picture = field_map(layout, weights)
    assert (picture == 1).sum() == 12  # each neuron's largest weight
    assert np.nansum(picture > 0) == layout.mask().sum()


def test_the_probe_separates_what_can_be_separated(rng: np.random.Generator) -> None:
    labels = rng.integers(0, 3, 300).astype(np.uint8)
    counts = rng.poisson(1.0, (300, 6)).astype(np.int32)
    counts[np.arange(300), labels] += 20
    assert probe(counts[:200], labels[:200], counts[200:], labels[200:]) == 1.0
    assert probe(counts[:9], labels[:9] * 0, counts[9:], labels[9:]) is None


def test_the_probe_is_fitted_on_the_threads_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs beside it has the other cores."""
    seen: list[int] = []
    fit = LogisticRegression.fit

    def watched(self: LogisticRegression, *args: Any) -> LogisticRegression:
        seen.extend(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")
        return fit(self, *args)

    monkeypatch.setattr(LogisticRegression, "fit", watched)
    counts, labels = np.eye(6, dtype=np.int32), np.arange(6, dtype=np.uint8)
    with threadpool_limits(2, user_api="blas"):
        probe(counts, labels, counts, labels, threads=1)
    assert set(seen) == {1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_hidden", 1), ("n_steps", 0), ("n_steps", 1001), ("dt", 0.0), ("max_rate", 0.0),
        ("columns", 0), ("columns", 3), ("columns", 29), ("field", 1), ("field", 257),
        ("stdp_lr", -1.0), ("hebbian_lr", float("nan")), ("theta_plus", float("inf")),
        ("a_plus", -0.1), ("tau_plus", 0.0), ("hidden_gain", 0.0), ("output_bias", float("nan")),
        ("slope", 0.0), ("hebbian_length", 0.0), ("readout_weights", 0), ("readout_weights", 17),
        ("tau_syn", 0.0), ("tau_syn", 3.0), ("levels", (90, 30)),
    ],
)  # fmt: skip
def test_settings_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"`{field}` .* must be"):
        IzhikevichSTDPConfig(**{field: value})


@pytest.mark.parametrize(
    ("others", "field", "value"),
    [
        ({"coding": "latency"}, "max_rate", 0.7),
        ({"coding": "threshold", "n_steps": 3}, "levels", (200, 100, 50, 20)),
        ({"n_steps": 4}, "readout_weights", 5),
        *(({"answer": "sum"}, name, 1.0) for name in OF_OUTPUT_NEURONS[1:]),
        ({"answer": "sum"}, "output", "chattering"),
    ],
)
def test_settings_that_others_leave_without_effect_are_refused(
    others: dict[str, Any], field: str, value: Any
) -> None:
    with pytest.raises(UserError, match=f"`{field}` .* must be"):
        IzhikevichSTDPConfig(**others, **{field: value})


def test_pixels_that_fire_once_and_sums_that_answer_count_what_they_do() -> None:
    """Additions of every spike that there was; updates of the hidden neurons alone."""
    settings: Any = {
        "coding": "latency", "synapse": "held", "n_steps": 12, "hidden_gain": 60.0,
        "readout_weights": 3, "answer": "sum", "num_threads": 1,
    }  # fmt: skip
    taught, few = learned(**settings), images().validation.take(slice(0, 50))
    state, hidden = taught.state(), taught.hidden_activity(few)
    assert state["output"].shape == (300, 10)
    assert taught.parameter_count() == 784 * 100 + 100 + 3000
    fired = np.minimum(hidden[:, :, None] - np.arange(2), 1).clip(0)
    late = np.maximum(hidden - 2, 0)[:, :, None]
    features = np.concatenate([fired, late], axis=2).reshape(len(few), -1)
    np.testing.assert_allclose(
        taught.respond(few).scores, 0.4 * features @ state["output"], rtol=1e-4, atol=1e-3
    )
    account = taught.account(few)
    seen = np.count_nonzero(state["hidden"], axis=1)
    additions = taught.input_spikes(few).sum(axis=1) @ seen + 10 * hidden.sum(axis=1)
    assert account.operations.effective_acs == pytest.approx(additions.mean())
    assert account.operations.membrane_updates == 12 * 100
    assert taught.footprint().buffers_bytes == 4 * (3 * 100 + 100 + 10)
    right = taught.respond(images().validation).accuracy(images().validation) or 0
    assert right > 0.8


def test_another_device_is_refused() -> None:
    with pytest.raises(UserError, match=r"`device` \(=cuda\) must be cpu"):
        IzhikevichSTDP(IzhikevichSTDPConfig(device="cuda"))


def test_an_image_of_any_steps_up_to_sixty_can_be_learned() -> None:
    some = images().train.take(slice(0, 100))
    for n_steps in (1, 5, 7, 60):
        config = IzhikevichSTDPConfig(n_hidden=32, n_steps=n_steps, max_rate=1.0)
        contender = IzhikevichSTDP(config)
        assert sum(step.examples for step in contender.learn(some, 1)) == 100
        assert np.isfinite(contender.state()["hidden"]).all()
