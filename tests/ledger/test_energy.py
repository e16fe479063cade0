"""Figures of energy from windows whose power is known."""

from __future__ import annotations

import statistics

import pytest

from spikeoff.ledger.energy import (
    EnergyFigure,
    MeasuredEnergy,
    columns,
    from_tdp,
    measured_inference,
    measured_training,
)
from spikeoff.ledger.metering import Meter, Window
from spikeoff.ledger.sensors import Sensors
from tests.ledger.synthetic import World

IDLE, BUSY = 20.0, 8.0


@pytest.fixture
def world() -> World:
    return World(IDLE, BUSY)


@pytest.fixture
def meter(world: World) -> Meter:
    counters = (world.counter("cpu", 0.75), world.counter("dram", 0.25))
    found = Meter(Sensors(counters), "cpu", 60.0, clock=world.clock, sleep=world.sleep)
    found.rest()
    return found


def worked(meter: Meter, world: World, seconds: float) -> Window:
    with meter.window() as window:
        world.work(seconds)
    return window


def same_books(found: EnergyFigure) -> MeasuredEnergy:
    """Gross, idle, parts and value must agree in every measured figure."""
    assert isinstance(found, MeasuredEnergy)
    idle_w = sum(found.idle_w.values())
    assert found.value == pytest.approx(found.gross - idle_w * found.seconds)
    assert found.value == pytest.approx(sum(found.parts.values()))
    return found


def test_training_is_the_sum_of_its_stretches(meter: Meter, world: World) -> None:
    stretches = [columns(meter, worked(meter, world, seconds)) for seconds in (10.0, 4.0, 1.0)]
    found = same_books(measured_training(meter, stretches))
    assert (found.quantity, found.provenance, found.unit) == ("training", "measured", "J")
    assert found.value == pytest.approx(BUSY * 15)
    assert found.gross == pytest.approx((IDLE + BUSY) * 15)
    assert found.seconds == pytest.approx(15)
    assert found.parts == pytest.approx({"cpu": 0.75 * BUSY * 15, "dram": 0.25 * BUSY * 15})
    assert found.repeats is None


def test_inference_is_told_of_one_pass_with_the_spread_of_windows(
    meter: Meter, world: World
) -> None:
    windows = []
    for passes, busy in ((4, 8.0), (5, 9.0), (4, 7.0), (6, 12.0), (4, 6.0)):
        world.busy = busy
        windows.append((worked(meter, world, passes * 0.5), passes))
    found = same_books(measured_inference(meter, windows, 200, "validation"))
    a_pass = [busy * 0.5 for busy in (8.0, 9.0, 7.0, 12.0, 6.0)]
    assert found.value == pytest.approx(
        (8 * 4 + 9 * 5 + 7 * 4 + 12 * 6 + 6 * 4) * 0.5 / (4 + 5 + 4 + 6 + 4)
    )
    assert found.repeats is not None
    assert found.repeats.median == pytest.approx(statistics.median(a_pass))
    assert (found.repeats.q1, found.repeats.q3) == pytest.approx((3.5, 4.5))
    assert (found.images, found.repeats.n) == (200, 5)
    assert "200 validation images" in found.scope
    assert "cpu of the world, dram of the world; 5 windows" in found.method


def test_a_stretch_that_was_not_metered_makes_the_sum_unavailable(
    meter: Meter, world: World
) -> None:
    metered = columns(meter, worked(meter, world, 1.0))
    found = measured_training(meter, [metered, {"seconds": 3.0}])
    assert (found.value, found.provenance) == (None, "unavailable")
    assert "not metered" in found.method


def test_no_sensor_is_unavailable_with_its_reason_and_never_zero(world: World) -> None:
    meter = Meter(Sensors(missing=("no RAPL here",)), "cpu", 60.0)
    window = worked(meter, world, 1.0)
    assert columns(meter, window) == {}
    training = measured_training(meter, [{}])
    inference = measured_inference(meter, [], 10, "validation")
    for found in (training, inference):
        assert (found.value, found.provenance, found.method) == (
            None, "unavailable", "no RAPL here",
        )  # fmt: skip


def test_less_than_idle_is_no_measurement(meter: Meter, world: World) -> None:
    world.idle, world.busy = 10.0, 2.0  # what disturbed the rest is over
    found = measured_training(meter, [columns(meter, worked(meter, world, 5.0))])
    assert (found.value, found.provenance) == (None, "unavailable")
    assert "20 W at rest and 12 W at work" in found.method


def test_tdp_times_time() -> None:
    found = from_tdp("training", 12.0, 160.0, "s")
    assert (found.value, found.provenance) == (1920.0, "estimated")
