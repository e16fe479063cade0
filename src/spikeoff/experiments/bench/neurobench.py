"""Our counts and NeuroBench's own, on the same network and the same images.

``mlp`` and ``cnn`` run in NeuroBench as the modules that they are. ``izhikevich-gradient`` is built
again from its weights, of PyTorch's layers and of neurons that NeuroBench takes for snnTorch's.

NeuroBench adds up counts in the precision of the network; in float32 they are exact as long as a
layer does less than 2^24 operations for a batch, so batches here are small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from spikeoff.coding import EVALUATION
from spikeoff.contenders.base import Contender
from spikeoff.contenders.gradient.cnn import CNN, as_pictures
from spikeoff.contenders.gradient.mlp import MLP
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.data import Images
from spikeoff.errors import UserError
from spikeoff.extras import import_extra
from spikeoff.kernels.input_coding import input_events
from spikeoff.neurons.models import Params, model_of

BATCH = 4


@dataclass(frozen=True)
class Count:
    """A quantity as we count it and as NeuroBench does."""

    quantity: str
    ours: float
    theirs: float


def compare(contender: Contender, images: Images) -> list[Count]:
    """Count what ``contender`` does on ``images`` in both ways.

    A spiking network should be in double precision: its neurons are summed up in another order
    here, and a difference in the last bit may make a spike.

    Raises:
        UserError: NeuroBench is not installed, or does not run this network.
    """
    neurobench = import_neurobench()
    if isinstance(contender, IzhikevichGradient):
        _check_runs(contender.config)
        model, inputs = _stepped(contender, neurobench), _spikes(contender, images)
    elif isinstance(contender, (MLP, CNN)):
        pixels = torch.from_numpy(images.flat)
        inputs = (
            as_pictures(pixels, contender.spec)
            if isinstance(contender, CNN)
            else pixels.float() / 255
        )
        model = neurobench.models.TorchModel(contender.module)
    else:
        raise UserError(f"{contender.id} does not run in NeuroBench; mlp, cnn, izhikevich-gradient")
    theirs = measure(model, inputs, torch.from_numpy(images.labels))
    account = contender.account(images)
    operations, sparsity, footprint = account.operations, account.sparsity, contender.footprint()
    synaptic = theirs["SynapticOperations"]
    counts = [
        Count("dense MACs", operations.dense_macs, synaptic["Dense"]),
        Count("effective MACs", operations.effective_macs, synaptic["Effective_MACs"]),
        Count("effective ACs", operations.effective_acs, synaptic["Effective_ACs"]),
        Count("connection sparsity", sparsity.connection or 0.0, theirs["ConnectionSparsity"]),
        Count("activation sparsity", sparsity.activation, theirs["ActivationSparsity"]),
        Count(
            "footprint (bytes)",
            footprint.parameters_bytes + footprint.buffers_bytes,
            theirs["Footprint"],
        ),
    ]
    if contender.spiking:
        updates = operations.membrane_updates
        counts.append(Count("membrane updates", updates, theirs["MembraneUpdates"]))
    return counts


def measure(model: Any, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, Any]:
    """NeuroBench's metrics of a model of its own, by name."""
    neurobench = import_neurobench()
    static, workload = neurobench.metrics.static, neurobench.metrics.workload
    benchmark = neurobench.benchmarks.Benchmark(
        model,
        DataLoader(TensorDataset(inputs, labels), batch_size=BATCH),
        [],
        [],
        [
            [static.Footprint, static.ConnectionSparsity],
            [workload.SynapticOperations, workload.ActivationSparsity, workload.MembraneUpdates],
        ],
    )
    with torch.no_grad():
        return dict(benchmark.run(quiet=True))


def import_neurobench() -> Any:
    """NeuroBench with the parts used here, which is an extra.

    Raises:
        UserError: it is not installed.
    """
    for part in ("benchmarks", "models", "metrics.static", "metrics.workload"):
        import_extra("neurobench", f"neurobench.{part}")
    return import_module("neurobench")


def _check_runs(config: IzhikevichGradientConfig) -> None:
    """Refuse networks that are not built of linear layers and neurons in turn.

    Raises:
        UserError: it is such a network.
    """
    layers = config.spiking_layers()
    if (
        layers.linear
        or any(layers.decays)
        or config.coding == "direct"
        or layers.readout != "spikes"
    ):
        raise UserError(
            "NeuroBench runs spiking networks with synapse kick, readout spikes and a coding by "
            "spikes only"
        )
    if config.current_gain != 1 or config.output_gain != 1:
        raise UserError("NeuroBench runs spiking networks with current_gain and output_gain 1 only")


def _spikes(contender: IzhikevichGradient, images: Images) -> torch.Tensor:
    """[n, steps, n_pixels] the input spikes of the contender's answers."""
    config, number = contender.config, contender.matrices()["output"].dtype
    events = input_events(config.input_coding(), images, EVALUATION)
    return torch.from_numpy(events.dense()).to(number).view(len(images), config.n_steps, -1)


def _stepped(contender: IzhikevichGradient, neurobench: Any) -> Any:
    """The contender's network as NeuroBench steps it through time."""
    *weights, output = (one.detach() for one in contender.module.parameters())
    layers = []
    for matrix, bias in [*zip(weights[::2], weights[1::2], strict=True), (output, None)]:
        n_sources, n_targets = matrix.shape
        layer = nn.Linear(n_sources, n_targets, bias=bias is not None, dtype=matrix.dtype)
        with torch.no_grad():
            layer.weight.copy_(matrix.T)
            if bias is not None:
                layer.bias.copy_(bias)
        layers.append(layer)
    neurons = [
        _neurons(layer.out_features, params, contender.config.dt, output.dtype)
        for layer, params in zip(layers, contender.config.spiking_layers().params, strict=True)
    ]
    return neurobench.models.SNNTorchModel(_Stepped(layers, neurons))


class _Stepped(nn.Module):
    """Layers of synapses and neurons in turn, one time step a call."""

    def __init__(self, layers: Sequence[nn.Linear], neurons: Sequence[Any]) -> None:
        super().__init__()
        self.layers, self.neurons = nn.ModuleList(layers), nn.ModuleList(neurons)

    def forward(self, spikes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Spikes and membrane potentials of the last layer."""
        potentials = spikes
        for layer, neurons in zip(self.layers, self.neurons, strict=True):
            spikes, potentials = neurons(layer(spikes))
        return spikes, potentials

    def reset(self) -> None:
        """Bring all neurons to rest."""
        for neurons in self.neurons:
            neurons.rest()  # type: ignore[operator]


def _neurons(n: int, params: Params, dt: float, number: torch.dtype) -> Any:
    """Neurons that NeuroBench takes for snnTorch's, by their class and their ``mem``."""
    base = import_module("snntorch").SpikingNeuron
    p = params.constants(dt)
    model = model_of(type(p))

    class Neurons(base):  # type: ignore[misc, valid-type]
        init_hidden = output = True

        def __init__(self) -> None:
            nn.Module.__init__(self)  # snnTorch's adds a threshold and a reset that are not ours
            self.rest()

        def rest(self) -> None:
            self.hold(
                model.State(*(torch.full((1, n), start, dtype=number) for start in params.rest()))
            )

        def hold(self, state: Any) -> None:
            """Keep the state, as buffers so that NeuroBench counts its bytes."""
            self.state = state
            for name, values in state._asdict().items():
                self.register_buffer("mem" if name == "v" else name, values)

        def forward(self, current: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            state, spike = model.step(self.state, current, p)
            self.hold(state)
            return spike.to(number), state.v

    return Neurons()
