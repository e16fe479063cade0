"""The verdict, by hand and by its laws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.verdict import say, verdicts
from spikeoff.run.run_record import RunRecord

TABLE = load_table()


def run(neuron: str | None, parameters: int, *, acs: float = 0, macs: float = 0,
        updates: float = 0, dense: float = 1e6) -> RunRecord:  # fmt: skip
    summary: dict[str, Any] = {
        "spiking": neuron is not None, "neuron": neuron, "parameters": parameters,
        "accuracy": {"test": 0.5},
        "operations": {"dense_macs": dense, "effective_macs": macs, "effective_acs": acs,
                       "membrane_updates": updates},
    }  # fmt: skip
    labels = np.zeros(1, np.uint8)
    return RunRecord(Path("x"), summary, [], labels, labels)


def test_the_conventional_network_nearest_in_size_is_taken() -> None:
    groups = {
        "small": [run(None, 1000, macs=10)],
        "near": [run(None, 5000, macs=10)],
        "snn": [run("izhikevich", 4000, acs=10, updates=1)],
    }
    (verdict,) = verdicts(groups, TABLE)
    assert (verdict.spiking, verdict.conventional) == ("snn", "near")


@pytest.mark.parametrize("order", [("ann@tensorflow", "ann"), ("ann", "ann@tensorflow")])
def test_of_one_network_on_two_engines_the_native_one_is_taken(order: tuple[str, str]) -> None:
    groups = {name: [run(None, 4000, macs=10)] for name in order}
    for name, (record,) in groups.items():
        record.summary["engine"] = "tensorflow" if "@" in name else "native"
    groups["snn"] = [run("izhikevich", 4000, acs=10, updates=1)]
    (verdict,) = verdicts(groups, TABLE)
    assert verdict.conventional == "ann"


def test_break_even_by_hand() -> None:
    # 100 MACs cost 460 pJ; 2 updates of 7 multiplications and 8 additions 66.2; 1,000 ACs 900
    groups = {
        "ann": [run(None, 10, macs=100)],
        "snn": [run("izhikevich", 10, acs=1000, updates=2, dense=50_000)],
    }
    (verdict,) = verdicts(groups, TABLE)
    assert verdict.ratio == pytest.approx((900 + 66.2) / 460)
    assert verdict.rate == pytest.approx(0.02)
    assert verdict.break_even == pytest.approx(0.02 * (460 - 66.2) / 900)
    assert verdict.break_even_synapses == pytest.approx(0.02 * 460 / 900)
    assert "does not save energy" in say(verdict)


@given(st.floats(1, 1e6), st.floats(10, 1e6), st.floats(0.1, 100))
def test_at_its_break_even_rate_a_network_computes_for_the_same_energy(
    acs: float, macs: float, updates: float
) -> None:
    groups = {
        "ann": [run(None, 10, macs=macs)],
        "snn": [run("izhikevich", 10, acs=acs, updates=updates)],
    }
    (verdict,) = verdicts(groups, TABLE)
    if verdict.break_even is None:
        assert verdict.neurons_alone >= 1
        assert "A lower rate would not help" in say(verdict)
        return
    share = verdict.break_even / verdict.rate
    groups["snn"] = [run("izhikevich", 10, acs=acs * share, updates=updates)]
    assert verdicts(groups, TABLE)[0].ratio == pytest.approx(1)


def test_few_spikes_pay_and_unknown_neurons_get_no_verdict() -> None:
    groups = {
        "ann": [run(None, 10, macs=1e6)],
        "snn": [run("izhikevich", 10, acs=100, updates=10)],
        "unknown": [run(None, 10, acs=100, updates=10)],
    }
    groups["unknown"][0].summary["spiking"] = True
    found = verdicts(groups, TABLE)
    assert [verdict.spiking for verdict in found] == ["snn"]
    assert found[0].pays
    assert say(found[0]).startswith("Spiking saves energy here")
