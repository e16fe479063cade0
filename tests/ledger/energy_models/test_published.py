"""Every model against the numbers that its authors, or their code, give."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from spikeoff.ledger.energy_models import davidson_furber, horowitz, lemaire, neuromc, simple, spyx
from spikeoff.ledger.energy_models.base import Network, NotAvailableError
from spikeoff.ledger.energy_models.loihi import Chip
from spikeoff.ledger.energy_models.registry import find
from tests.ledger.energy_models.made import (
    conventional,
    convolution,
    dense_layer,
    spiking,
    spiking_layer,
)

EXACT = 1e-9


def total(terms: object) -> float:
    assert isinstance(terms, dict)
    return float(sum(terms.values()))


def test_horowitzs_figures() -> None:
    """ISSCC 2014, figure 1.1.9: an addition and a multiplication (pJ)."""
    assert (horowitz.FP32_ADD, horowitz.FP32_MULTIPLY) == (0.9, 3.7)
    assert (horowitz.INT32_ADD, horowitz.INT32_MULTIPLY) == (0.1, 3.1)
    assert (horowitz.INT8_ADD, horowitz.INT8_MULTIPLY) == (0.03, 0.2)


def test_lemaires_memory() -> None:
    """ICONIP 2022: linear from nothing to 10, 20 and 100 pJ at 8 KiB, 32 KiB and 1 MiB."""
    sizes = [0, 1, 8, 20, 32, 528, 1024, 2**20]
    prices = [horowitz.interpolated(1024.0 * size) for size in sizes]
    assert prices == pytest.approx([0, 1.25, 10, 15, 20, 60, 100, 100], rel=EXACT)


# counts: 4.6 pJ and a word (50 pJ up to 1 MiB, 650 above) per multiply-accumulate.


@pytest.mark.parametrize(
    ("macs", "weights", "digits", "expected"),
    [(39_575, 203_520, 4, 2.1608), (79_146, 407_040, 2, 51.81)],
)
def test_counts_of_two_perceptrons(macs: int, weights: int, digits: int, expected: float) -> None:
    layer = dense_layer(784, 512, places=weights, stored=weights, operations=macs)
    microjoules = find("counts").total(conventional(layer)) / 1e6
    assert round(microjoules, digits) == expected


# simple: SpikingJelly 2.0.0.


@pytest.mark.parametrize(
    ("neuron", "sources", "targets", "events", "expected"),
    [
        ("if", 8, 16, 2, 8_073.6),
        ("if", 784, 512, 52, 2_837_299.2),
        ("lif", 784, 512, 52, 2_838_220.8),
    ],
)
def test_simple_of_a_layer_with_bias(
    neuron: str, sources: int, targets: int, events: int, expected: float
) -> None:
    network = spiking(neuron, spiking_layer(sources, targets, events))
    assert total(simple.energy(network)) == pytest.approx(expected, rel=EXACT)


def test_the_parts_of_simple() -> None:
    terms = simple.energy(spiking("if", spiking_layer(8, 16, 2)))
    additions = terms["synapses"] + terms["neurons"] + terms["biases"]
    assert additions / 0.9 == pytest.approx(96, rel=EXACT)
    assert terms["weights"] + terms["state"] == pytest.approx(7_987.2, rel=EXACT)


def test_simple_of_a_perceptron() -> None:
    network = conventional(dense_layer(784, 512), dense_layer(512, 10))
    assert total(simple.energy(network)) == pytest.approx(42_457_784.32, rel=EXACT)


# lemaire: SpikingJelly's oracle at three commits, its release, and a co-author's code.

LEMAIRE = [
    (8, 16, "if", 1, 0, "literal", 48.3828125),
    (16, 16, "lif", 4, 0, "literal", 299.88125),
    (32, 24, "if", 12, 24, "literal", 2408.26875),
    (64, 32, "lif", 32, 32, "literal", 18019.1),
    (128, 48, "if", 32, 48, "literal", 47476.075),
    (256, 64, "lif", 32, 64, "literal", 102366.453226),
    (8, 16, "if", 1, 0, "corrected", 37.1828125),
    (16, 32, "if", 8, 32, "corrected", 1104.7125),
    (64, 64, "lif", 16, 64, "corrected", 16106.625),
    (256, 64, "lif", 128, 64, "corrected", 194539.358065),
    (8, 16, "if", 1, 0, "spikingjelly", 37.1828125),
    (16, 16, "lif", 4, 0, "spikingjelly", 203.88125),
    (32, 24, "if", 12, 24, "spikingjelly", 1517.86875),
    (64, 32, "lif", 32, 32, "spikingjelly", 11571.1),
    (128, 48, "if", 32, 48, "spikingjelly", 27973.675),
    (16, 32, "if", 8, 32, "spikingjelly", 1107.9125),
    (64, 64, "lif", 16, 64, "spikingjelly", 16113.025),
    (256, 64, "lif", 32, 64, "spikingjelly", 50148.8532258),
    (256, 64, "lif", 128, 64, "spikingjelly", 194545.758065),
    (256, 64, "lif", 32, 64, "leat", 97158.5925632),
]


@pytest.mark.parametrize(
    ("sources", "targets", "neuron", "spikes_in", "spikes_out", "variant", "expected"), LEMAIRE
)
def test_lemaire_of_a_layer_with_bias(
    sources: int, targets: int, neuron: str, spikes_in: int, spikes_out: int,
    variant: lemaire.Variant, expected: float,
) -> None:  # fmt: skip
    network = spiking(neuron, spiking_layer(sources, targets, spikes_in, spikes_out))
    assert total(lemaire.energy(network, variant)) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(("kernel", "expected"), [(1, 630.109375), (3, 2321.909375)])
def test_lemaire_of_a_convolution(kernel: int, expected: float) -> None:
    into, out, places = 4, 8, 25
    layer = spiking_layer(
        into * places, out * places, 6, places=into * out * kernel**2,
        stored=into * out * kernel**2, operations=6 * out * kernel**2, biases=out,
        convolution=True,
    )  # fmt: skip
    assert total(lemaire.energy(spiking("if", layer))) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(
    ("sources", "targets", "bias", "variant", "expected"),
    [
        (784, 512, True, "leat", 62849125.8671),
        (784, 512, False, "spikingjelly", 41429716.45),
        (512, 10, False, "spikingjelly", 94516.68828125),
    ],
)
def test_lemaire_of_conventional_layers(
    sources: int, targets: int, bias: bool, variant: lemaire.Variant, expected: float
) -> None:
    network = conventional(dense_layer(sources, targets, bias=bias))
    assert total(lemaire.energy(network, variant)) == pytest.approx(expected, rel=EXACT)


# spyx: bit-equal to its script, printed to 10 digits or more.

C, H, N = 256, 128, 10


def spyx_networks(s: float, s_hidden: float, steps: int) -> tuple[Network, Network]:
    first = spiking_layer(C, H, steps * s * C, steps * s_hidden * H, bias=False)
    second = spiking_layer(H, N, steps * s_hidden * H, bias=False, output=True)
    twin = conventional(dense_layer(C, H), dense_layer(H, N), bits=math.ceil(math.log2(steps + 1)))
    return spiking("lif", first, second, steps=steps), twin


@pytest.mark.parametrize(
    ("s", "steps", "snn", "qnn"),
    [
        (0.01, 5, 275271.962624, 2047170.56148),
        (0.064, 7, 2445307.58908, 2047170.56148),
        (0.2, 10, 10904673.55136, 2730047.83648),
    ],
)
def test_spyx_rows(s: float, steps: int, snn: float, qnn: float) -> None:
    ours, twin = spyx_networks(s, s, steps)
    assert total(spyx.energy(ours)) == pytest.approx(snn, rel=EXACT)
    assert total(spyx.energy(twin)) == pytest.approx(qnn, rel=EXACT)


def test_spyx_ratio_with_other_hidden_rate() -> None:
    ours, twin = spyx_networks(0.029571533203125, 0.0015411376953125, 8)
    ratio = total(spyx.energy(ours)) / total(spyx.energy(twin))
    assert ratio == pytest.approx(0.4570396333521867, rel=EXACT)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (5, 0.0750292677), (6, 0.0625072943), (7, 0.0535630276), (8, 0.0625184670),
        (9, 0.0555605737), (10, 0.0499942591),
    ],
)  # fmt: skip
def test_spyx_break_even(steps: int, expected: float) -> None:
    """The model is linear in the rate, so two rates give where both networks cost the same."""
    low, high = (total(spyx.energy(spyx_networks(s, s, steps)[0])) for s in (0.0, 1.0))
    twin = total(spyx.energy(spyx_networks(0.0, 0.0, steps)[1]))
    assert (twin - low) / (high - low) == pytest.approx(expected, rel=1e-8)


def test_spyx_with_8_bit_weights_changes_the_weights_of_the_twin_alone() -> None:
    ours, twin = spyx_networks(0.2, 0.1, 10)
    products, bits = C * H + H * N, 4
    per_product = 3.7 * 8 * bits / 32**2 + 0.9 * bits / 32 + 20 * 8
    values = 2 * 0.05448 * (H + N) + 0.25 * bits * (C + H + N)
    assert not find("spyx-8bit").counted
    assert find("spyx-8bit").energy(ours) == spyx.energy(ours)
    assert find("spyx-8bit").total(twin) == pytest.approx(products * per_product + values)


# neuromc: SpikingJelly 2.0.0, printed to 4 decimals.


@pytest.mark.parametrize(
    ("sources", "targets", "spikes", "values"),
    [
        (784, 512, 2745635.0855, 3210169.0958),
        (512, 10, 35000.4769, 40925.6556),
        (784, 1024, 5491270.1710, 6420338.1915),
    ],
)
def test_neuromc_without_updates(sources: int, targets: int, spikes: float, values: float) -> None:
    ours = spiking("if", spiking_layer(sources, targets, 1, neurons=0))
    assert total(neuromc.energy(ours)) == pytest.approx(spikes, abs=6e-5)
    twin = conventional(dense_layer(sources, targets))
    assert total(neuromc.energy(twin)) == pytest.approx(values, abs=6e-5)


@pytest.mark.parametrize(("steps", "expected"), [(5, 5083942.769695989), (50, 31389904.21691533)])
def test_neuromc_over_several_steps(steps: int, expected: float) -> None:
    """By running the release on layer.Linear(784, 512, step_mode="m") with so many steps."""
    ours = spiking("if", spiking_layer(784, 512, 1, neurons=0), steps=steps)
    assert total(neuromc.energy(ours)) == pytest.approx(expected, rel=EXACT)


# Conventional convolutions, by running SpikingJelly 2.0.0 on nn.Conv2d and random values: those of
# ``cnn`` on MNIST.


@pytest.mark.parametrize(
    ("into", "out", "side", "bias", "by_lemaire", "by_neuromc"),
    [
        (1, 32, 28, False, 2168569.0967741935, 3474556.1119422596),
        (32, 64, 13, False, 93586862.33978495, 5899443.296167504),
        (32, 64, 13, True, 93812618.67526881, 5899443.296167504),
    ],
)
def test_conventional_convolutions(
    into: int, out: int, side: int, bias: bool, by_lemaire: float, by_neuromc: float
) -> None:
    network = conventional(convolution(into, out, side, 3, bias=bias))
    assert total(lemaire.energy(network)) == pytest.approx(by_lemaire, rel=EXACT)
    assert total(neuromc.energy(network)) == pytest.approx(by_neuromc, rel=EXACT)


# Thresholds in spikes per synapse, and constants of chips.


def break_even(name: str, bits: int = 32) -> float:
    """Spikes per synapse at which a spiking network of one layer costs as much as its twin."""
    model = find(name)
    ours = spiking("if", spiking_layer(100, 50, 100, bias=False, neurons=0))
    return model.total(conventional(dense_layer(100, 50), bits=bits)) / model.total(ours)


def test_thresholds() -> None:
    assert break_even("davidson-furber") == pytest.approx(12 / 7, rel=EXACT)  # printed 1.72
    for bits in (5, 6, 10):
        assert break_even("bit-ops", bits) == pytest.approx(bits, rel=EXACT)
        assert break_even("spyx", bits) == pytest.approx(bits / 8, rel=0.02)  # 0.625, 0.75, 1.25


def test_davidson_and_furbers_unit() -> None:
    terms = davidson_furber.energy(spiking("if", spiking_layer(10, 10, 1, bias=False)))
    assert total(terms) == pytest.approx(10 * 7 * 0.06, rel=EXACT)  # pJ


@pytest.mark.parametrize(
    ("operation", "update", "joules"), [(8600, 8600, "8.64e-04"), (100, 2000, "1.03e-05")]
)
def test_keras_spikings_dense_layer(operation: float, update: float, joules: str) -> None:
    """KerasSpiking, model_energy.py: Dense 784 to 128 on its CPU and on a device of one's own."""
    network = spiking("if", spiking_layer(784, 128, 784, bias=False))
    found = total(Chip(operation, update).energy(network)) * 1e-12
    assert f"{found:.2e}" == joules


def test_loihi_prices_spiking_networks_alone() -> None:
    stdp = spiking("izhikevich", *orientation()["stdp"].layers, steps=20)
    assert f"{find('loihi').total(stdp) / 1e6:.1f}" == "3.0"  # 2.7 with inactive updates
    with pytest.raises(NotAvailableError, match="spiking networks only"):
        find("loihi").total(conventional(dense_layer(4, 2)))


# Two networks of this package, priced apart from this code: E_SNN / E_ANN, to one in the last
# digit.


def orientation() -> dict[str, Network]:
    """784-1024-10 over 50 steps and 784-512-10 over 20, and perceptrons of the same widths."""
    grad = spiking(
        "izhikevich",
        spiking_layer(784, 1024, 5194.5, 2246.9, bias=False, operations=5_319_163),
        spiking_layer(1024, 10, 2246.9, 23.2, bias=False, operations=22_469, output=True),
        steps=50,
    )
    stdp = spiking(
        "izhikevich",
        spiking_layer(784, 512, 1039.2, 764.5, bias=False, operations=84_471, stored=43_808 + 512),
        spiking_layer(512, 10, 764.5, 16.4, bias=False, operations=7_645, output=True),
        steps=20,
    )
    return {"grad": grad, "stdp": stdp.as_dense_matrices(), "stdp stored": stdp}


def perceptron(hidden: int, macs: float, active: float, bits: int) -> Network:
    share = macs / (784 * hidden + 10 * hidden)
    first = dense_layer(784, hidden, events_in=151.12, operations=151.12 * hidden)
    second = dense_layer(hidden, 10, events_in=active, operations=macs - 151.12 * hidden)
    assert 0.19 < share < 0.2
    return conventional(first, second, bits=bits)


TWINS = {
    "grad": perceptron(1024, 158_372, 360, 6),
    "stdp": perceptron(512, 79_146, 177, 5),
    "stdp stored": perceptron(512, 79_146, 177, 5),
}

ORIENTATION: dict[str, Sequence[tuple[str, str]]] = {
    "counts": [("6.5", "34"), ("0.23", "1.17"), ("0.020", "0.10")],
    "smooth": [("6.4", "33"), ("0.23", "1.19"), ("0.086", "0.44")],
    "simple": [("6.6", "34"), ("0.32", "1.66"), ("0.32", "1.66")],
    "lemaire": [("7.1", "37"), ("0.23", "1.17"), ("0.088", "0.45")],
    "lemaire-leat": [("7.2", "37"), ("0.26", "1.34"), ("0.093", "0.48")],
    "davidson-furber": [("3.8", "20"), ("0.13", "0.68"), ("0.13", "0.68")],
    "spyx": [("8.7", "45"), ("0.36", "1.9"), ("0.36", "1.9")],
    "spyx-8bit": [("6.6", "34"), ("0.23", "1.17"), ("0.23", "1.17")],
    "bit-ops": [("1.09", "5.6"), ("0.045", "0.23"), ("0.045", "0.23")],
    "int8": [("6.7", "34"), ("0.31", "1.6"), ("0.31", "1.6")],
}


@pytest.mark.parametrize("name", ORIENTATION)
def test_ratios_to_dense_and_zero_skipping_twins(name: str) -> None:
    model = find(name)
    for (which, ours), expected in zip(orientation().items(), ORIENTATION[name], strict=True):
        cost, twin = model.total(ours), TWINS[which]
        found = (cost / model.total(twin.without_skipping()), cost / model.total(twin))
        for ratio, text in zip(found, expected, strict=True):
            last_digit = 10.0 ** -len(text.partition(".")[2])
            assert ratio == pytest.approx(float(text), abs=last_digit)
