"""What every contender must keep to."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.base import Contender, State
from spikeoff.contenders.registry import BUILT_IN, find
from spikeoff.data import Images
from spikeoff.errors import UserError

SMALL: dict[str, dict[str, Any]] = {
    "diehl-cook": {"n_e": 20, "example_time": 0.15, "resting_time": 0.05, "input_intensity": 6.0},
    "izhikevich-gradient": {"hidden": (48,), "n_steps": 30, "output_scale": 3.0, "dropout": 0.0},
    "izhikevich-sparse": {"hidden": (48,), "dropout": 0.0},
    "izhikevich-stdp": {"n_hidden": 100, "hebbian_lr": 0.05},
    "mlp": {"hidden": (32,)},
    "mlp-int8": {"hidden": (32,)},
    "cnn": {"n_hidden": 32},
}


WITHOUT_LOSS = {"diehl-cook"}
"""Those whose rule has no loss, and that do not answer while they learn."""


def make(name: str, **changes: Any) -> Contender:
    kind = find(name)
    fields = {"batch_size": 16, **SMALL[name], **changes}
    known = {field.name for field in dataclasses.fields(kind.config_type)}
    return kind(kind.config_type(**{key: fields[key] for key in fields.keys() & known}))


def learned(name: str, images: Images, **changes: Any) -> State:
    contender = make(name, **changes)
    for epoch in (1, 2):
        list(contender.learn(images, epoch))
    return contender.state()


def same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all((one[k] == other[k]).all() for k in one)


@pytest.mark.parametrize(
    ("name", "count", "stored"),
    [
        ("mlp", 407_040, 407_040),
        ("izhikevich-gradient", 814_080, 814_080),
        ("izhikevich-stdp", 407_040, 43_808 + 512 * 10 + 512),
        ("diehl-cook", 314_000, 314_000),
    ],
)
def test_parameter_counts_of_the_original_scripts(name: str, count: int, stored: int) -> None:
    contender = find(name)(find(name).config_type())
    assert contender.parameter_count() == count
    assert contender.stored_parameters() == stored


WIDTHS = {
    "diehl-cook": (784, 20, 10), "izhikevich-gradient": (784, 48, 10), "mlp": (784, 32, 10),
    "izhikevich-stdp": (784, 100, 10), "cnn": (784, 13 * 13 * 32, 5 * 5 * 64, 32, 10),
    "izhikevich-sparse": (784, 48, 10), "mlp-int8": (784, 32, 10),
}  # fmt: skip
BIASES = {"diehl-cook": 0, "izhikevich-gradient": 48, "izhikevich-sparse": 48, "mlp": 32,
          "mlp-int8": 32, "izhikevich-stdp": 100, "cnn": 32 + 10}  # fmt: skip


@pytest.mark.parametrize("name", BUILT_IN)
def test_layers_hold_what_energy_models_need(name: str, few: Images) -> None:
    contender = make(name)
    list(contender.learn(few, 1))
    operations = contender.account(few).operations
    # The weights of a linear read-out's steps lie between no two populations.
    layers = [layer for layer in operations.layers if layer.name != "steps"]
    assert operations.widths == WIDTHS[name]
    assert operations.steps * sum(layer.neurons for layer in layers) == pytest.approx(
        operations.membrane_updates
    )
    assert sum(layer.biases for layer in layers) == BIASES[name]
    assert layers[0].source == "input"
    assert layers[0].sources == 784
    assert layers[0].events_in == operations.events["input"] > 0
    for layer in layers:
        assert 0 < layer.stored <= layer.places
        assert layer.convolution or layer.places == layer.sources * layer.targets
        met = layer.effective_macs + layer.effective_acs
        assert met <= layer.events_in * layer.targets * (1 + 1e-12)
    assert [layer.output for layer in layers[:-1]] == [False] * (len(layers) - 1)
    assert layers[-1].output == (name != "diehl-cook")
    assert operations.readout == (10 if name == "diehl-cook" else 0)  # a mean per class


def test_every_contender_is_covered() -> None:
    assert SMALL.keys() == BUILT_IN.keys()


@pytest.mark.parametrize("name", BUILT_IN)
def test_an_epoch_learns_from_every_image_once(name: str, few: Images) -> None:
    contender = make(name)
    steps = list(contender.learn(few, 1))
    assert sum(step.examples for step in steps) == len(few)
    for step in steps:
        if name in WITHOUT_LOSS:
            assert step.correct is None
            assert step.loss is None
        else:
            assert step.correct is not None
            assert step.loss is not None
            assert 0 <= step.correct <= step.examples
            assert 0 < step.loss < np.inf


@pytest.mark.parametrize("name", BUILT_IN)
def test_learning_lowers_the_loss(name: str, few: Images) -> None:
    contender = make(name, epochs=12)
    before = contender.loss(contender.respond(few), few)
    for epoch in range(1, 13):
        list(contender.learn(few, epoch))
    after = contender.loss(contender.respond(few), few)
    if name in WITHOUT_LOSS:  # such a rule is judged by its answers
        assert before is after is None
        contender.conclude(few)
        accuracy = contender.respond(few).accuracy(few)
        assert accuracy is not None
        assert accuracy > 0.3
        return
    assert before is not None
    assert after is not None
    assert after < 0.7 * before


@pytest.mark.parametrize("name", BUILT_IN)
def test_same_seed_same_bits(name: str, few: Images) -> None:
    assert same(learned(name, few), learned(name, few))


@pytest.mark.parametrize("name", BUILT_IN)
def test_another_seed_gives_other_weights(name: str, few: Images) -> None:
    assert not same(learned(name, few), learned(name, few, seed=1))


@pytest.mark.parametrize("name", BUILT_IN)
def test_answers_do_not_depend_on_company(name: str, few: Images) -> None:
    contender = make(name)
    list(contender.learn(few, 1))
    together = contender.respond(few)
    rows = np.arange(0, 40, 3)
    apart = contender.respond(few.take(rows))
    np.testing.assert_allclose(together.scores[rows], apart.scores, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", BUILT_IN)
def test_responding_teaches_nothing(name: str, few: Images) -> None:
    contender = make(name)
    before = contender.state()
    contender.respond(few)
    assert same(before, contender.state())


@pytest.mark.parametrize("name", BUILT_IN)
def test_warming_up_changes_nothing_that_is_learned_later(name: str, few: Images) -> None:
    cold, warm = make(name), make(name)
    warm.warm_up(few.take(slice(0, 2)))
    assert same(cold.state(), warm.state())
    for contender in (cold, warm):
        list(contender.learn(few, 1))
    assert same(cold.state(), warm.state())


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_restored_state_gives_the_same_answers(name: str, few: Images) -> None:
    """The second has the same seed, as input spikes follow it, but learned something else."""
    first, second = make(name), make(name)
    list(first.learn(few, 1))
    first.conclude(few)
    for epoch in (1, 2):
        list(second.learn(few.take(slice(20, 40)), epoch))
    answers = first.respond(few).scores
    assert (second.respond(few).scores != answers).any()
    second.restore(first.state())
    assert same(first.state(), second.state())
    np.testing.assert_array_equal(second.respond(few).scores, answers)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_restored_state_replaces_that_of_another_seed(name: str, few: Images) -> None:
    first, second = make(name), make(name, seed=5)
    list(first.learn(few, 1))
    assert not same(first.state(), second.state())
    second.restore(first.state())
    assert same(first.state(), second.state())


@pytest.mark.parametrize("name", BUILT_IN)
def test_operations_and_activity_are_of_this_world(name: str, few: Images) -> None:
    contender = make(name)
    account = contender.account(few)
    activity, operations = account.activity, account.operations
    effective = operations.effective_macs + operations.effective_acs
    assert 0 < effective < operations.dense_macs
    assert (operations.effective_acs > 0) == contender.spiking
    assert (operations.membrane_updates > 0) == contender.spiking
    assert 0 < activity.hidden_rate < 1
    assert operations.training_flops(10) == 60 * operations.dense_macs


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_account_tells_layers_and_readings_that_add_up(name: str, few: Images) -> None:
    contender = make(name)
    list(contender.learn(few, 1))
    contender.conclude(few)
    response = contender.respond(few)
    account = contender.account(few)
    operations = account.operations
    for key in ("dense_macs", "effective_macs", "effective_acs"):
        assert getattr(operations, key) == sum(getattr(layer, key) for layer in operations.layers)
    assert bool(account.anytime) == contender.spiking
    if account.anytime:
        last = account.anytime[-1]
        assert last.accuracy == response.accuracy(few)
        assert last.effective_acs == operations.effective_acs
        assert last.membrane_updates == operations.membrane_updates
        for cost in ("steps", "effective_acs", "membrane_updates"):
            values = [getattr(reading, cost) for reading in account.anytime]
            assert values == sorted(values)
            assert values[0] > 0
    else:
        hidden = account.activity.hidden_rate
        assert account.sparsity.activation == pytest.approx(1 - hidden, rel=1e-12)
    assert account.sparsity.connection is not None
    assert 0 <= account.sparsity.connection < 1


@pytest.mark.parametrize("name", [name for name in BUILT_IN if find(name).spiking])
def test_an_image_is_recorded_alike_in_any_company(name: str, few: Images) -> None:
    """So that operations up to different stops may be counted group by group.

    The last reading is the answer of ``respond``, so that validation images are answered once.
    """
    contender = make(name)
    list(contender.learn(few, 1))
    contender.conclude(few)
    whole, rows = contender.record(few), np.array([1, 4, 5])
    assert whole.answers[:, -1].tolist() == contender.respond(few).labels.tolist()
    part = contender.record(few.take(rows))
    known = len(part.steps)  # fewer where none of them is shown for as long
    np.testing.assert_array_equal(part.scores, whole.scores[rows, :known])
    rest = contender.record(few.take(np.setdiff1d(np.arange(len(few)), rows)))
    for population, sent in whole.events.items():
        parts = part.events[population].sum(axis=0) + rest.events[population].sum(axis=0)
        np.testing.assert_array_equal(parts, sent.sum(axis=0))


@pytest.mark.parametrize("name", BUILT_IN)
def test_learned_bytes_are_the_parameters(name: str) -> None:
    contender = make(name)
    footprint = contender.footprint()
    extra = 4 * 20 if name == "diehl-cook" else 0  # thresholds are in double precision
    expected = 4 * contender.parameter_count() + extra
    if name == "mlp-int8":  # weights of one byte, and a step per neuron
        expected -= 3 * (784 * 32 + 32 * 10) - 4 * (32 + 10)
    assert footprint.parameters_bytes == expected
    assert (footprint.buffers_bytes > 0) == (contender.spiking or name == "cnn")


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", -1),
        ("seed", 2**32),
        ("epochs", 0),
        ("num_threads", 0),
        ("n_validation", -1),
        ("n_train", 0),
        ("tdp", float("nan")),
        ("tdp", 0.0),
        ("timing_seconds", -1.0),
        ("timing_seconds", float("nan")),
        ("energy_seconds", 1e9),
        ("learning_rate", float("inf")),
        ("learning_rate", -1.0),
        ("beta1", 1.0),
        ("beta2", -0.1),
        ("batch_size", 0),
        ("warmup_epochs", -1.0),
        ("clip_norm", 0.0),
        ("label_smoothing", 1.0),
        ("patience", 0),
        ("n_hidden", 0),
        ("hidden", ()),
        ("hidden", (8, 0)),
        ("dropout", 1.0),
    ],
)
def test_configuration_values_are_refused_by_name(name: str, field: str, value: Any) -> None:
    kind = find(name).config_type
    if field not in {known.name for known in dataclasses.fields(kind)}:
        pytest.skip(f"{name} has no {field}")
    with pytest.raises(UserError, match=f"`{field}` .* must be"):
        kind(**{field: value})
