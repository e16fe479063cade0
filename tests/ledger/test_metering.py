"""Metering against power that is known: energy is power times time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.ledger import metering
from spikeoff.ledger.metering import REPEATS, SETTLE, Meter, Tally, Window
from spikeoff.ledger.sensors import Counter, SensorError, Sensors
from tests.ledger.synthetic import World

IDLE, BUSY = 20.0, 5.0


def meter(world: World, *counters: Counter, most_seconds: float = 60.0) -> Meter:
    return Meter(
        Sensors(counters, ("no GPU",)), "cpu", most_seconds, clock=world.clock, sleep=world.sleep
    )


@given(
    idle=st.floats(0, 500), busy=st.floats(0.1, 500), seconds=st.floats(0.01, 1e4),
    share=st.floats(0.1, 1),
)  # fmt: skip
def test_net_energy_is_the_power_above_idle_times_time(
    idle: float, busy: float, seconds: float, share: float
) -> None:
    world = World(idle, busy)
    found = meter(world, world.counter(share=share), world.counter("dram", 1 - share))
    found.rest()
    with found.window() as window:
        world.work(seconds)
    scale = (idle + busy) * (seconds + 10)
    assert window.seconds == pytest.approx(seconds)
    assert window.gross == pytest.approx((idle + busy) * seconds, abs=1e-9 * scale)
    net = found.net(window)
    assert net["cpu"] == pytest.approx(share * busy * seconds, abs=1e-9 * scale)
    assert net["dram"] == pytest.approx((1 - share) * busy * seconds, abs=1e-9 * scale)
    assert sum(found.idle_watts.values()) == pytest.approx(idle)


@given(
    rises=st.lists(st.floats(0, 999), min_size=1, max_size=20), start=st.floats(0, 999.9)
)  # fmt: skip
def test_a_counter_may_wrap_between_any_two_looks(rises: list[float], start: float) -> None:
    count = start
    counter = Counter("c", "cpu", lambda: count % 1000.0, wraps_at=1000.0)
    tally = Tally([counter])
    for rise in rises:
        count += rise
        tally.look()
    assert tally.joules["c"] == pytest.approx(sum(rises), abs=1e-6)


def test_a_window_as_long_as_many_ranges_is_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "LOOK_EVERY", 0.001)
    reads = 0

    def read() -> float:  # 0.7 of the range from look to look, whenever they are
        nonlocal reads
        reads += 1
        return 70.0 * reads % 100.0

    world = World(0, 0)
    found = meter(world, world.counter(read=read, wraps_at=100.0))
    found.idle.seconds, found.idle.joules = 1.0, {"cpu of the world": 0.0}
    with found.window() as window:
        while reads < 50:
            pass
    assert window.gross == pytest.approx(70.0 * (reads - 1))


def test_before_the_rest_nothing_is_measured() -> None:
    world = World(IDLE, BUSY)
    assert meter(world, world.counter()).idle == Window(0.0, {})


def test_idle_power_is_taken_over_a_window_after_settling() -> None:
    world = World(IDLE, BUSY)
    found = meter(world, world.counter())
    found.rest()
    assert found.idle.seconds == found.length == 2.0
    assert world.slept == SETTLE + 2.0


@pytest.mark.parametrize(
    ("kinds", "most", "length"),
    [
        (("cpu",), 60.0, 2.0),
        (("cpu", "gpu"), 60.0, 10.0),
        (("cpu", "gpu"), 9.0, 1.5),
        (("cpu",), 6.0, 1.0),
    ],
)
def test_windows_suit_the_slowest_counter_within_the_bound(
    kinds: tuple[str, ...], most: float, length: float
) -> None:
    world = World(IDLE, BUSY)
    found = meter(world, *(world.counter(kind) for kind in kinds), most_seconds=most)  # type: ignore[arg-type]
    assert found.length == length
    found.rest()
    found.repeat(lambda: world.work(0.001))
    assert world.now <= most + SETTLE + 0.01


@pytest.mark.parametrize(("work_s", "times"), [(0.3, 7), (2.5, 1)])
def test_work_is_repeated_until_the_window_is_long_enough(work_s: float, times: int) -> None:
    world = World(IDLE, BUSY)
    found = meter(world, world.counter())
    found.rest()
    windows = found.repeat(lambda: world.work(work_s))
    assert len(windows) == REPEATS
    for window, done in windows:
        assert done == times
        assert window.seconds == pytest.approx(times * work_s)
        assert found.net(window)["cpu"] == pytest.approx(BUSY * times * work_s)


@pytest.mark.parametrize("most_seconds", [60.0, 0.0])
def test_without_sensors_or_switched_off_nothing_but_time_is_measured(most_seconds: float) -> None:
    world = World(IDLE, BUSY)

    def read() -> float:
        raise AssertionError("must not be read")

    counters = () if most_seconds else (world.counter(read=read),)
    found = meter(world, *counters, most_seconds=most_seconds)
    found.rest()
    assert found.reason == ("no GPU" if most_seconds else "switched off (energy_seconds 0)")
    with found.window() as window:
        world.work(3.0)
    assert window.seconds == 3.0
    assert found.net(window) == {}
    assert found.repeat(lambda: world.work(1.0)) == []
    assert world.now == 3.0


def test_the_counter_that_matters_must_be_there() -> None:
    world = World(IDLE, BUSY)
    assert meter(world, world.counter("dram")).reason == "no GPU"
    assert meter(world, world.counter("cpu")).reason is None


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4, 5])
def test_a_sensor_that_fails_stops_the_metering_and_not_the_work(fails_at: int) -> None:
    world = World(IDLE, BUSY)
    reads = 0

    def read() -> float:
        nonlocal reads
        reads += 1
        if reads >= fails_at:
            raise SensorError("GPU is lost")
        return world.joules

    found = meter(world, world.counter(read=read))
    found.rest()
    with found.window() as window:
        world.work(1.0)
    assert window.seconds == 1.0
    found.repeat(lambda: world.work(1.0))
    assert found.reason == "a sensor failed: GPU is lost"
    assert found.net(window) == {}


def test_a_counter_that_goes_back_without_a_range_has_failed() -> None:
    world = World(IDLE, BUSY)
    found = meter(world, world.counter(read=lambda: -world.joules))
    found.rest()
    assert "went back" in (found.reason or "")


def test_an_error_in_the_work_is_passed_on() -> None:
    world = World(IDLE, BUSY)
    found = meter(world, world.counter())
    found.rest()
    with pytest.raises(KeyError), found.window():
        raise KeyError("work")
