"""PyTorch modules of the user's own in the race, and the examples of docs/own-networks.md."""

from __future__ import annotations

import pickle
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spikeoff.coding import EVALUATION, CodingName, InputCoding
from spikeoff.contenders import registry
from spikeoff.contenders.base import Contender
from spikeoff.data import Dataset, Images
from spikeoff.errors import UserError
from spikeoff.ledger.raster import raster_of
from spikeoff.run.session import run
from tests import small_data

PAGE = Path(__file__).parents[1] / "docs" / "own-networks.md"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the example of this file importable; returns nothing."""

    def load(name: str) -> None:
        blocks: list[str] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        code = next(block for block in blocks if block.startswith(f"# {name}.py"))
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(code, f"{name}.py", "exec"), vars(module))

    return load


def made(name: str, dataset: Dataset, **settings: Any) -> Contender:
    kind: Any = registry.find(name)
    return kind(kind.config_type(num_threads=1, **settings), dataset.spec)  # type: ignore[no-any-return]


def neurobench_counts(
    step: nn.Module, spikes: torch.Tensor, labels: torch.Tensor
) -> dict[str, float]:
    """NeuroBench's counts of a module of snnTorch that it steps through time by itself."""
    from spikeoff.experiments.bench import neurobench

    model = neurobench.import_neurobench().models.SNNTorchModel(step)
    found = neurobench.measure(model, spikes, labels)
    return {**found["SynapticOperations"], "MembraneUpdates": found["MembraneUpdates"]}


@pytest.mark.reference
def test_snntorch_is_counted_as_by_neurobench(example: Any, mnist: Dataset) -> None:
    pytest.importorskip("neurobench")
    snn = pytest.importorskip("snntorch")
    example("with_snntorch")
    images = mnist.test.take(slice(0, 8))
    contender: Any = made("with_snntorch:Leaky", mnist)
    assert contender.spiking
    operations = contender.account(images).operations

    class Stepped(nn.Module):
        """The same layers, one step per call, which keep their own state."""

        def __init__(self) -> None:
            super().__init__()
            net = contender.module
            self.hidden, self.output = net.hidden, net.output
            self.lif_1 = snn.Leaky(beta=0.9, init_hidden=True)
            self.lif_2 = snn.Leaky(beta=0.9, init_hidden=True, output=True)

        def forward(self, spikes: torch.Tensor) -> Any:
            return self.lif_2(self.output(self.lif_1(self.hidden(spikes))))

        def reset(self) -> None:
            self.lif_1.reset_hidden()
            self.lif_2.reset_hidden()

    inputs = torch.from_numpy(contender.network_inputs(images))
    theirs = neurobench_counts(Stepped(), inputs, torch.from_numpy(images.labels))
    assert operations.effective_acs == pytest.approx(theirs["Effective_ACs"])
    assert operations.effective_macs == theirs["Effective_MACs"] == 0
    assert operations.dense_macs == theirs["Dense"] == 10 * (784 * 100 + 100 * 10)
    assert operations.membrane_updates == theirs["MembraneUpdates"] == 10 * 110
    assert operations.effective_acs > 0


@pytest.mark.reference
def test_spikingjelly_is_counted_step_by_step(example: Any, mnist: Dataset) -> None:
    """Against sums over the tensors that pass between its layers."""
    pytest.importorskip("spikingjelly")
    example("with_spikingjelly")
    contender: Any = made("with_spikingjelly:MultiStep", mnist)
    images = mnist.test.take(slice(0, 6))
    recording = contender.record(images)
    net = contender.module.eval().net
    current = torch.from_numpy(contender.network_inputs(images)).expand(4, -1, -1, -1, -1)
    contender.module(current[0])  # brings the neurons to rest, then runs them
    for one in net:
        if hasattr(one, "reset"):
            one.reset()
    with torch.no_grad():
        spikes = net[1](net[0](current))
        fired = net[4](net[3](net[2](spikes)))
    hidden, last = (recording.events[name] for name in ("net.1", "net.4"))
    np.testing.assert_array_equal(hidden, spikes.sum(1).flatten(1).numpy())
    np.testing.assert_array_equal(last, fired.sum(1).numpy())
    np.testing.assert_array_equal(recording.scores[:, -1], fired.sum(0).numpy())
    operations = contender.account(images, recording).operations
    assert operations.effective_acs == pytest.approx(10 * float(spikes.sum()) / 6)
    assert operations.membrane_updates == 4 * (4 * 8 * 8 + 10)
    assert recording.graded == {"input"}


@pytest.mark.reference
def test_norse_is_counted_as_by_neurobench(example: Any, mnist: Dataset) -> None:
    pytest.importorskip("neurobench")
    snn, norse = pytest.importorskip("snntorch"), pytest.importorskip("norse.torch")
    example("with_norse")
    images = mnist.test.take(slice(0, 8))
    contender: Any = made("with_norse:Readout", mnist)
    recording = contender.record(images)
    operations = contender.account(images, recording).operations

    class Neurons(snn.SpikingNeuron):  # type: ignore[misc, name-defined]
        """A cell of Norse in the class by which NeuroBench knows neurons."""

        init_hidden = output = True

        def __init__(self, cell: nn.Module) -> None:
            nn.Module.__init__(self)
            self.cell = cell
            self.reset()

        def reset(self) -> None:
            self.state: Any = None
            self.mem = torch.zeros(1)

        def forward(self, current: torch.Tensor) -> Any:
            sent, self.state = self.cell(current, self.state)
            self.mem = self.state.v
            return sent, self.mem

    class Stepped(nn.Module):
        """The same layers, one step per call, which keep their own state."""

        def __init__(self) -> None:
            super().__init__()
            self.hidden, _, self.output, _ = contender.module.net
            self.lif, self.li = Neurons(norse.LIFCell()), Neurons(norse.LICell())

        def forward(self, spikes: torch.Tensor) -> Any:
            fired, _ = self.lif(self.hidden(spikes))
            return self.li(self.output(fired))

        def reset(self) -> None:
            self.lif.reset()
            self.li.reset()

    inputs = torch.from_numpy(contender.network_inputs(images))
    theirs = neurobench_counts(Stepped(), inputs, torch.from_numpy(images.labels))
    assert operations.effective_acs == pytest.approx(theirs["Effective_ACs"])
    assert operations.effective_macs == theirs["Effective_MACs"] == 0
    assert operations.dense_macs == theirs["Dense"] == 20 * (784 * 100 + 100 * 10)
    assert operations.membrane_updates == theirs["MembraneUpdates"] == 20 * 110
    assert recording.events["net.1"].sum() > 0
    assert recording.events["net.3"].sum() == 0  # leaky integrators never fire


@pytest.mark.reference
def test_norse_by_step_and_over_time_is_recorded_alike(example: Any, mnist: Dataset) -> None:
    """Also where there are as many images as steps, which a shape does not tell apart."""
    norse = pytest.importorskip("norse.torch")
    example("with_norse")
    net = sys.modules["with_norse"]

    class ByStep(net.Readout):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            hidden, _, output, _ = self._modules["net"]
            stepped = norse.SequentialState(hidden, norse.LIFCell(), output, norse.LICell())
            self._modules["net"] = norse.Lift(stepped)

    net.ByStep = ByStep  # type: ignore[attr-defined]
    over_time, by_step = made("with_norse:Readout", mnist), made("with_norse:ByStep", mnist)
    assert by_step.spiking
    images = mnist.test.take(slice(0, 20))
    found = [list(one.record(images).events.values()) for one in (over_time, by_step)]
    halves = [over_time.record(mnist.test.take(part)) for part in (slice(0, 8), slice(8, 20))]
    parts = [sum(both) for both in zip(*(half.events.values() for half in halves), strict=True)]
    for first, second, third in zip(*found, parts, strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, third)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "network", "least"),
    [("my_nets", "SmallConv", 0.6), ("trains_itself", "TrainsItself", 0.5),
     ("with_snntorch", "Leaky", 0.3), ("with_spikingjelly", "MultiStep", 0.3),
     ("with_norse", "Readout", 0.3)],
)  # fmt: skip
def test_the_examples_train_and_leave_a_record(
    example: Any, tmp_path: Path, file: str, network: str, least: float
) -> None:
    if file.startswith("with_"):
        pytest.importorskip(file.removeprefix("with_"))
    example(file)
    name = f"{file}:{network}"
    config: Any = registry.find(name).config_type(
        epochs=3, n_train=1500, n_validation=100, num_threads=1, timing_seconds=0.0,
        energy_seconds=0.0, mnist_path=small_data.path(), save_path=tmp_path / "run",
    )  # fmt: skip
    record = run(name, config)
    assert record.contender == name
    assert record.summary["accuracy"]["test"] > least  # guessing gives 0.1
    assert record.summary["spiking"] == file.startswith("with_")
    assert (tmp_path / "run" / "raster.npz").is_file() == record.summary["spiking"]


@pytest.mark.parametrize("coding", ["rate", "poisson", "latency", "latency-log", "threshold"])
def test_the_module_sees_the_spikes_of_the_coding(
    monkeypatch: pytest.MonkeyPatch, few: Images, coding: CodingName
) -> None:
    seen: list[torch.Tensor] = []

    class Sees(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(784, 10)

        def forward(self, spikes: torch.Tensor) -> torch.Tensor:
            seen.append(spikes)
            out: torch.Tensor = self.linear(spikes)
            return out

    module = ModuleType("sees")
    module.Sees = Sees  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sees", module)
    kind: Any = registry.find("sees:Sees")
    config = kind.config_type(coding=coding, n_steps=9, max_rate=0.5, seed=3, num_threads=1)
    network = kind(config)
    network.present(torch.from_numpy(few.flat), torch.from_numpy(few.ids), 2)
    network.respond(few)
    for spikes, epoch in zip(seen, (2, EVALUATION), strict=True):
        expected = InputCoding(coding, 9, 0.5, seed=3).spikes(few, epoch)
        np.testing.assert_array_equal(spikes.numpy(), expected)


def test_without_scores_by_step_there_is_one_reading(example: Any, mnist: Dataset) -> None:
    pytest.importorskip("spikingjelly")
    example("with_spikingjelly")
    by_step = made("with_spikingjelly:MultiStep", mnist)
    net = sys.modules["with_spikingjelly"]

    class Summed(net.MultiStep):  # type: ignore[name-defined, misc]
        def forward(self, pictures: torch.Tensor) -> Any:
            return super().forward(pictures).sum(1)

    net.Summed = Summed  # type: ignore[attr-defined]
    summed, images = made("with_spikingjelly:Summed", mnist), mnist.test.take(slice(0, 4))
    accounts = [one.account(images) for one in (by_step, summed)]
    assert accounts[0].operations == accounts[1].operations
    assert [len(one.anytime) for one in accounts] == [4, 1]
    assert accounts[0].anytime[-1] == accounts[1].anytime[-1]
    assert raster_of(summed.record, images, None, "score") is None


def test_a_module_with_dropout_resumes_exactly(
    mnist: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dropping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(
                nn.Flatten(), nn.Linear(784, 12), nn.Dropout(0.5), nn.Linear(12, 10)
            )

        def forward(self, x: torch.Tensor) -> Any:
            return self.net(x)

    module: Any = ModuleType("dropping")
    module.Dropping = Dropping
    monkeypatch.setitem(sys.modules, "dropping", module)
    images = mnist.train.take(slice(0, 96))
    whole, halves, resumed = (
        made("dropping:Dropping", mnist, epochs=2, batch_size=4) for _ in range(3)
    )
    generator = torch.get_rng_state()
    for epoch in (1, 2):
        list(whole.learn(images, epoch))
    list(halves.learn(images, 1))
    next(iter(halves.learn(images, 2)))  # 16 of 24 batches
    resumed.resume(halves.snapshot())
    list(resumed.learn(images, 2, start=64))
    assert torch.equal(torch.get_rng_state(), generator)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(array, resumed.state()[name])


def test_settings_reach_another_process(example: Any) -> None:
    example("my_nets")
    config: Any = registry.find("my_nets:SmallConv").config_type(epochs=7)
    assert (config.learning_rate, config.batch_size) == (0.005, 64)
    assert pickle.loads(pickle.dumps(config)) == config


def test_mistakes_are_told_in_one_line(mnist: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    class NotScores(nn.Linear):
        def __init__(self) -> None:
            super().__init__(28, 3)

    module: Any = ModuleType("mistakes")
    module.NotScores = NotScores
    module.number = 3
    module.Odd = type("Odd", (NotScores,), {"spikeoff_settings": {"epoch": 3}})
    module.NoModule = lambda: None
    monkeypatch.setitem(sys.modules, "mistakes", module)
    with pytest.raises(UserError, match="nowhere cannot be imported"):
        registry.find("nowhere:Net")
    with pytest.raises(UserError, match="there is no 'Net' in mistakes"):
        registry.find("mistakes:Net")
    with pytest.raises(UserError, match=r"must be a class of torch\.nn\.Module"):
        registry.find("mistakes:number")
    with pytest.raises(UserError, match="has 'epoch', which is no setting"):
        registry.find("mistakes:Odd")
    with pytest.raises(UserError, match=r"must be a torch\.nn\.Module with parameters"):
        made("mistakes:NoModule", mnist)
    with pytest.raises(UserError, match=r"returned \(2, 1, 28, 3\) for 2 images; scores \[n, 10\]"):
        made("mistakes:NotScores", mnist).respond(mnist.test.take(slice(0, 2)))
    with pytest.raises(UserError, match=r"is no contender; .* my_package:MyNet"):
        registry.find("nobody")
