"""The verdict, by hand and by its laws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.ledger.energy_models.base import NotAvailableError
from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.networks import network_of
from spikeoff.report.pairing import pairing, why_unpaired
from spikeoff.report.verdict import run_energy, say, verdicts
from spikeoff.run.run_record import RunRecord
from tests.report.made_operations import operations

TABLE = load_table()


def run(neuron: str | None, hidden: int = 20, *, acs: float = 0, macs: float = 0,
        updates: float = 0, dense: float | None = 1e6, synapses: int | None = None
        ) -> RunRecord:  # fmt: skip
    summary: dict[str, Any] = {
        "spiking": neuron is not None, "neuron": neuron, "parameters": 60 * hidden,
        "accuracy": {"test": 0.5}, "config": {}, "engine": "native",
        "operations": operations((50, hidden, 10), spiking=neuron is not None,
                                 effective=acs + macs, updates=updates, dense=dense,
                                 synapses=synapses),
    }  # fmt: skip
    labels = np.zeros(1, np.uint8)
    return RunRecord(Path("x"), summary, [], labels, labels)


def test_the_conventional_network_with_the_same_layers_is_taken() -> None:
    groups = {
        "wide": [run(None, 22, macs=10)],
        "same": [run(None, 20, macs=10)],
        "snn": [run("izhikevich", 20, acs=10, updates=1)],
    }
    for name in groups:  # numbers of parameters decide nothing
        groups[name][0].summary["parameters"] = 1000 if name == "same" else 4000
    (verdict,) = verdicts(groups, TABLE)
    assert (verdict.spiking, verdict.conventional) == ("snn", "same")
    del groups["same"]
    assert verdicts(groups, TABLE) == []
    assert pairing(groups, "snn") is None
    assert "with the layers of snn (50-20-10) ran: no claim" in why_unpaired(groups, "snn")
    assert "--hidden 20" in why_unpaired(groups, "snn")


@pytest.mark.parametrize("order", [("ann@tensorflow", "ann"), ("ann", "ann@tensorflow")])
def test_of_one_network_on_two_engines_the_native_one_is_taken(order: tuple[str, str]) -> None:
    groups = {name: [run(None, macs=10)] for name in order}
    for name, (record,) in groups.items():
        record.summary["engine"] = "tensorflow" if "@" in name else "native"
    groups["snn"] = [run("izhikevich", acs=10, updates=1)]
    (verdict,) = verdicts(groups, TABLE)
    assert verdict.conventional == "ann"


def test_the_same_synapses_come_before_all_else() -> None:
    groups = {
        "dense": [run(None, macs=10)],
        "masked": [run(None, macs=10, synapses=100)],
        "snn": [run("izhikevich", acs=10, updates=1, synapses=100)],
    }
    groups["masked"][0].summary["engine"] = "another"
    found = pairing(groups, "snn")
    assert found is not None
    assert (found.twin, found.same_synapses) == ("masked", True)
    del groups["masked"]
    found = pairing(groups, "snn")
    assert found is not None
    assert (found.twin, found.same_synapses) == ("dense", False)
    assert "the same neurons but not the same synapses" in say(verdicts(groups, TABLE)[0], TABLE)


def test_of_several_trainings_the_best_on_validation_images_is_taken() -> None:
    groups = {name: [run(None, macs=10)] for name in ("a", "b", "c", "rounded")}
    for name, (record,) in groups.items():
        accuracy = {"a": 0.7, "b": 0.9, "c": 0.8, "rounded": 0.95}[name]
        record.summary["accuracy"] = {"validation": accuracy, "test": 1 - accuracy}
    groups["rounded"][0].summary["config"] = {"activation_bits": 5}
    groups["snn"] = [run("izhikevich", acs=10, updates=1)]
    found = pairing(groups, "snn")
    assert found is not None
    assert found.twin == "b"


def test_a_record_of_an_earlier_version_makes_no_claim() -> None:
    old = run("izhikevich", acs=10, updates=1)
    for key in ("layers", "steps", "widths", "events", "readout"):
        del old.summary["operations"][key]
    groups = {"snn": [old], "ann": [run(None, macs=10)]}
    assert verdicts(groups, TABLE) == []
    assert "earlier version" in why_unpaired(groups, "snn")
    energy, held = run_energy(old, TABLE)
    assert held == 4 * 1200  # all parameters
    assert energy.neurons is not None
    with pytest.raises(NotAvailableError, match="earlier version"):
        network_of(old)


def test_break_even_by_hand() -> None:
    # 100 MACs cost 460 pJ; 2 updates of 7 multiplications and 8 additions 66.2; 1,000 ACs 900
    groups = {
        "ann": [run(None, macs=100)],
        "snn": [run("izhikevich", acs=1000, updates=2, dense=50_000)],
    }
    (verdict,) = verdicts(groups, TABLE)
    assert verdict.ratio == pytest.approx((900 + 66.2) / 460)
    assert verdict.rate == pytest.approx(0.02)
    assert verdict.break_even == pytest.approx(0.02 * (460 - 66.2) / 900)
    assert verdict.break_even_synapses == pytest.approx(0.02 * 460 / 900)
    assert "snn needs" in say(verdict, TABLE)
    assert not verdict.pays


@given(st.floats(1, 1e6), st.floats(10, 1e6), st.floats(0.1, 100))
def test_at_its_break_even_rate_a_network_computes_for_the_same_energy(
    acs: float, macs: float, updates: float
) -> None:
    groups = {
        "ann": [run(None, macs=macs)],
        "snn": [run("izhikevich", acs=acs, updates=updates)],
    }
    (verdict,) = verdicts(groups, TABLE)
    if verdict.break_even is None:
        assert verdict.neurons_alone >= 1
        assert "A lower rate would not help" in say(verdict, TABLE)
        return
    share = verdict.break_even / verdict.rate
    groups["snn"] = [run("izhikevich", acs=acs * share, updates=updates)]
    assert verdicts(groups, TABLE)[0].ratio == pytest.approx(1)


def test_few_spikes_pay_and_unknown_neurons_get_no_verdict() -> None:
    groups = {
        "ann": [run(None, macs=1e6)],
        "snn": [run("izhikevich", acs=100, updates=10)],
        "unknown": [run("izhikevich", acs=100, updates=10)],
    }
    groups["unknown"][0].summary["neuron"] = None
    found = verdicts(groups, TABLE)
    assert [verdict.spiking for verdict in found] == ["snn"]
    assert found[0].pays
