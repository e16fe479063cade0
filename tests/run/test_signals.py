"""Requests to stop that arrive before a run begins."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from spikeoff.cli import main, running
from spikeoff.run.signals import (
    Interrupted,
    Signals,
    forwarded_signals,
    interrupts_noted,
    stop_signals_later,
)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("begin", [Signals, forwarded_signals])
def test_a_run_does_not_begin_after_an_interrupt_that_got_lost(
    begin: Callable[[], contextlib.AbstractContextManager[Any]],
) -> None:
    with interrupts_noted() as noted:
        with begin():
            pass
        with contextlib.suppress(KeyboardInterrupt):  # as Python does in destructors
            interrupt()
        assert noted == [signal.SIGINT]
        with pytest.raises(Interrupted), begin():
            pytest.fail("it began")
    with begin():
        assert noted == []


def test_a_stop_signal_can_take_effect_later() -> None:
    reached = []
    with pytest.raises(Interrupted), Signals():
        with stop_signals_later():
            interrupt()
            reached.append("end")
        reached.append("after")
    assert reached == ["end"]


def status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, interrupted: bool
) -> tuple[object, str]:
    """Exit status and complaint of a command whose import fails."""

    def dispatch(given: object) -> int:
        del given
        if interrupted:
            with contextlib.suppress(KeyboardInterrupt):
                interrupt()
        raise AttributeError("module 'numpy' has no attribute 'ndarray'")

    monkeypatch.setattr(running, "dispatch", dispatch)
    with pytest.raises(SystemExit) as caught:
        main(["train", "mlp"])
    return caught.value.code, capsys.readouterr().err


def test_an_interrupted_import_is_an_interrupt_whatever_it_raises(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(monkeypatch, capsys, interrupted=True) == (130, "spikeoff: interrupted\n")
    with pytest.raises(AttributeError):
        status(monkeypatch, capsys, interrupted=False)
