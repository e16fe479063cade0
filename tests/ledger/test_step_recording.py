"""What spiking modules do step by step, against sums over the tensors between their layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spikeoff.ledger.account import account_of
from spikeoff.ledger.recording import Recording
from spikeoff.ledger.step_recording import StepRecorder

N, STEPS = 3, 5


class Above(nn.Module):
    """Neurons without memory, so that every way to go through time gives the same."""

    spiking_neuron = True

    def forward(self, x: torch.Tensor) -> Any:
        return (x > 0).float()


class AboveOverTime(Above):
    step_mode = "m"


class SNN(Above):
    """As Norse's neurons over time, which return their state too."""

    spiking_neuron = False

    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x), None


class LI(SNN):
    """As Norse's leaky integrators."""


SNN.__module__ = LI.__module__ = "norse.torch.module"


class Stepped(nn.Module):
    """Two layers, through which input [n, steps, 6] passes one step per call."""

    def __init__(
        self, neurons: type[nn.Module] = Above, last: type[nn.Module] | None = None
    ) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.f = nn.Linear(6, 4), neurons()
        self.b, self.g = nn.Linear(4, 2, bias=False), (last or neurons)()
        with torch.no_grad():
            for weights in self.parameters():  # whole numbers: sums do not depend on their order
                weights.copy_(torch.randint(-2, 3, weights.shape))

    def pass_on(self, x: Any) -> Any:
        for layer in (self.a, self.f, self.b, self.g):
            x = layer(x)
            x = x[0] if isinstance(x, tuple) else x
        return x

    def forward(self, x: torch.Tensor) -> Any:
        return torch.stack([self.pass_on(step) for step in x.unbind(1)], 1)


class InRows(Stepped):
    """All steps of all images are rows."""

    def forward(self, x: torch.Tensor) -> Any:
        return self.pass_on(x.transpose(0, 1).flatten(0, 1)).view(STEPS, -1, 2).transpose(0, 1)


class AtOnce(Stepped):
    """All steps in one call, time first."""

    def forward(self, x: torch.Tensor) -> Any:
        return self.pass_on(x.transpose(0, 1)).transpose(0, 1)


class TimeFirstLater(Stepped):
    """The first connection gets [n, steps, 6], what follows has time first."""

    def forward(self, x: torch.Tensor) -> Any:
        fired, _ = self.f(self.a(x).transpose(0, 1))
        return self.g(self.b(fired))[0].transpose(0, 1)


def spikes(n: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(n).integers(0, 2, (n, STEPS, 6))).float()


def recorded(module: nn.Module, *batches: torch.Tensor) -> tuple[Recording, StepRecorder]:
    with torch.no_grad(), StepRecorder(module) as recorder:
        scores = torch.cat([module(batch) for batch in batches])
    return recorder.recording(scores.cumsum(1).numpy()), recorder


@pytest.mark.parametrize(
    "module",
    [Stepped(), InRows(), AtOnce(AboveOverTime), AtOnce(SNN)],
    ids=["by step", "in rows", "at once", "as Norse"],
)
@pytest.mark.parametrize("n", [1 + N, 1 + STEPS, 1 + 2])  # as many images as steps, or neurons
def test_events_are_the_sums_over_images_of_what_passes(module: Stepped, n: int) -> None:
    x = spikes(n)
    recording, recorder = recorded(module, x[:1], x[1:])
    first = (x @ module.a.weight.T + module.a.bias > 0).float()
    second = (first @ module.b.weight.T > 0).float()
    sums = {"input": x, "f": first, "into b": first, "g": second}
    assert list(recording.events) == list(sums)
    for name, sent in sums.items():
        np.testing.assert_array_equal(recording.events[name], sent.sum(0))
    assert recording.steps.tolist() == list(range(1, STEPS + 1))
    assert recording.image_steps.tolist() == [n * step for step in range(1, STEPS + 1)]
    assert (recording.hidden, recording.updated) == (("f",), ("f", "g"))
    assert not recording.graded
    operations = account_of(recording, recorder.synapses(), np.zeros(n, np.uint8)).operations
    met = [
        float((sent @ (layer.weight != 0).float().T).sum() / n)
        for sent, layer in ((x, module.a), (first, module.b))
    ]
    assert [layer.effective_acs for layer in operations.layers] == pytest.approx(met)
    assert [layer.dense_macs for layer in operations.layers] == [STEPS * 24, STEPS * 8]
    fired = [float(sent.sum() / n) for sent in (first, second)]
    assert [layer.events_out for layer in operations.layers] == pytest.approx(fired)
    assert [layer.neurons for layer in operations.layers] == [4, 2]
    assert [(layer.biases, layer.biased) for layer in operations.layers] == [(4, 4), (0, 0)]
    assert operations.membrane_updates == STEPS * 6
    assert [one.target for one in recorder.synapses()] == ["f", "g"]


@pytest.mark.parametrize("module", [AtOnce(), TimeFirstLater(SNN)], ids=["unsaid", "later"])
def test_sizes_tell_time_from_other_numbers_of_images(module: Stepped) -> None:
    expected, _ = recorded(Stepped(), spikes(N))
    found, _ = recorded(module, spikes(N))
    for name, events in expected.events.items():
        np.testing.assert_array_equal(found.events[name], events)


@pytest.mark.parametrize("in_rows", [False, True])
@pytest.mark.parametrize("n", [2, 3])  # 2 is the number of channels, too
def test_convolutions_meet_every_window_at_every_step(in_rows: bool, n: int) -> None:
    class Convolving(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.fire = nn.Conv2d(2, 4, 2), Above()

        def forward(self, x: torch.Tensor) -> Any:
            if in_rows:
                rows = self.fire(self.conv(x.transpose(0, 1).flatten(0, 1)))
                return rows.view(STEPS, n, -1).transpose(0, 1)
            return torch.stack([self.fire(self.conv(one)).flatten(1) for one in x.unbind(1)], 1)

    x = (torch.rand(n, STEPS, 2, 3, 3) < 0.5).float()
    module = Convolving()
    with torch.no_grad():
        module.conv.weight.sign_()
        module.conv.bias.zero_()  # type: ignore[union-attr]
        fired = (module.conv(x.flatten(0, 1)) > 0).view(n, STEPS, -1)
    recording, recorder = recorded(module, x)
    np.testing.assert_array_equal(recording.events["input"], x.sum(0).flatten(1))
    np.testing.assert_array_equal(recording.events["fire"], fired.sum(0))
    account = account_of(recording, recorder.synapses(), np.zeros(n, np.uint8))
    (layer,) = account.operations.layers
    windows = torch.tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]])  # that hold each of 3 x 3 places
    assert layer.effective_acs == pytest.approx(4 * float((x * windows).sum()) / n)
    assert layer.dense_macs == STEPS * 4 * 2 * int(windows.sum())
    assert (layer.sources, layer.targets, layer.neurons) == (2 * 9, 4 * 4, 4 * 4)
    assert (layer.fan_in, layer.kernel, layer.places) == (2 * 4, 4, 4 * 2 * 4)
    assert (layer.biases, layer.biased) == (4, 4 * 4)


def test_leaky_integrators_are_neurons_that_never_fire() -> None:
    recording, _ = recorded(AtOnce(SNN, LI), spikes(N))
    assert recording.updated == ("f", "g")
    assert recording.events["g"].shape == (STEPS, 2)
    assert not recording.events["g"].any()


def test_input_that_enters_once_enters_at_the_first_step() -> None:
    class Constant(Stepped):
        def forward(self, x: torch.Tensor) -> Any:
            current = self.a(x)
            return torch.stack([self.g(self.b(self.f(current))) for _ in range(STEPS)], 1)

    x = spikes(N)[:, 0]
    recording, _ = recorded(Constant(), x)
    np.testing.assert_array_equal(recording.events["input"], [x.sum(0).tolist(), *[[0] * 6] * 4])
    assert recording.events["f"].any(axis=1).all()


@pytest.mark.parametrize("readings", [1, 2])
def test_without_scores_by_step_one_reading_has_the_sums(readings: int) -> None:
    class Summed(Stepped):
        def forward(self, x: torch.Tensor) -> Any:
            whole = super().forward(x).sum(1, keepdim=True)
            return whole.expand(-1, readings, -1) / readings

    by_step, _ = recorded(Stepped(), spikes(N))
    whole, _ = recorded(Summed(), spikes(N))
    assert (whole.steps.tolist(), whole.image_steps.tolist()) == ([STEPS], [N * STEPS])
    np.testing.assert_array_equal(whole.scores[:, 0], by_step.scores[:, -1])
    for name, events in by_step.events.items():
        np.testing.assert_array_equal(whole.events[name], events.sum(axis=0, keepdims=True))


@pytest.mark.parametrize(("factor", "graded"), [(-1.0, set()), (0.5, {"input"}), (2.0, {"input"})])
def test_values_other_than_minus_one_zero_and_one_are_graded(
    factor: float, graded: set[str]
) -> None:
    recording, _ = recorded(Stepped(), factor * spikes(N))
    assert recording.graded == graded


def test_nothing_is_recorded_outside_the_block() -> None:
    module = Stepped()
    recording, recorder = recorded(module, spikes(N))
    module(spikes(STEPS))
    again = recorder.recording(recording.scores)
    for name, events in recording.events.items():
        np.testing.assert_array_equal(again.events[name], events)
