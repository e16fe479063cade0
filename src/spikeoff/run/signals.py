"""Requests to stop: SIGINT and SIGTERM take effect after the current step; SIGHUP is ignored."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
HANGUP = getattr(signal, "SIGHUP", None)


class Interrupted(KeyboardInterrupt):
    """A run stopped because it was asked to.

    signum: by which signal.
    folder: the run's folder, from which it can continue; None if nothing was written.
    command: the command that continues, if it is not the usual one for the folder.
    """

    def __init__(self, signum: int, folder: Path | None = None, command: str | None = None) -> None:
        super().__init__(signum, folder, command)  # for pickling: a child sends it to its parent
        self.signum, self.folder, self.command = signum, folder, command


_noted: list[int] = []
"""Signals that arrived within ``interrupts_noted`` and before a run began."""


@contextmanager
def interrupts_noted() -> Iterator[list[int]]:
    """Note SIGINT, and raise KeyboardInterrupt as Python does.

    That exception may get lost: a library turns it into another one while it is imported, and
    Python ignores it in destructors. A run that begins later within stops at once then.

    Yields:
        The signals that have arrived.
    """

    def handle(signum: int, frame: FrameType | None) -> None:
        del frame
        _noted.append(signum)
        raise KeyboardInterrupt

    _noted.clear()
    with stop_signals_to(handle, which=(signal.SIGINT,)):
        try:
            yield _noted
        finally:
            _noted.clear()


def _heed_noted() -> None:
    if _noted:
        raise Interrupted(_noted[0])


@contextmanager
def stop_signals_to(
    handler: Callable[[int, FrameType | None], None],
    *,
    which: Sequence[int] = STOP_SIGNALS,
    ignore_hangup: bool = False,
) -> Iterator[None]:
    """Send the stop signals that arrive within to ``handler``; by default all of them.

    A signal that is being ignored, as under nohup, stays so. In a thread other than the main one,
    where Python lets no handler be set, none is.
    """
    former: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for signum in which:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                former[signum] = signal.signal(signum, handler)
        if ignore_hangup and HANGUP is not None:
            former[HANGUP] = signal.signal(HANGUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for signum, before in former.items():
            signal.signal(signum, before)


@contextmanager
def stop_signals_later() -> Iterator[None]:
    """Let stop signals that arrive within take effect at its end."""
    arrived: list[int] = []
    try:
        with stop_signals_to(lambda signum, _: arrived.append(signum)):
            yield
    finally:
        for signum in arrived:
            signal.raise_signal(signum)


class Signals:
    """Whether this process was asked to stop; a context manager.

    Within ``patiently``, the first signal is only noted, for the loop to see; a second one stops
    at once. Outside, the first does.
    """

    def __init__(self) -> None:
        self._noted: int | None = None
        self._patient = False
        self._handlers = ExitStack()
        self._parent = multiprocessing.parent_process()

    def __enter__(self) -> Signals:
        _heed_noted()
        self._handlers.enter_context(stop_signals_to(self._handle, ignore_hangup=True))
        return self

    def __exit__(self, *_: object) -> None:
        self._handlers.close()

    @property
    def asked(self) -> int | None:
        """The signal that asked to stop; SIGTERM where the process above is gone."""
        if self._parent is not None and not self._parent.is_alive():
            return int(signal.SIGTERM)
        return self._noted

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """Note the first signal within, and no more."""
        self._patient = True
        try:
            yield
        finally:
            self._patient = False

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        del frame
        if self._patient and self._noted is None:
            self._noted = signum
            return
        raise Interrupted(signum)


class ReceivedSignal:
    """The stop signal that arrived while signals were forwarded, if any."""

    received: int | None = None


@contextmanager
def forwarded_signals() -> Iterator[ReceivedSignal]:
    """Pass SIGINT and SIGTERM on to child processes, as SIGTERM, and let these end by themselves.

    A second signal kills them. SIGHUP is ignored.
    """
    result = ReceivedSignal()

    def handle(signum: int, frame: FrameType | None) -> None:
        del frame
        children = multiprocessing.active_children()
        for child in children:
            child.terminate() if result.received is None else child.kill()
        if not children:
            raise Interrupted(signum)
        result.received = result.received or signum

    _heed_noted()
    with stop_signals_to(handle, ignore_hangup=True):
        yield result


def leave_to_parent() -> None:
    """Ignore SIGINT in a child: a terminal sends it to both, and the parent passes it on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
