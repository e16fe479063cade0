"""The worker processes of a search on this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from spikeoff.errors import UserError
from spikeoff.experiments.search.settings import Machine
from spikeoff.experiments.search.worker import work_apart
from spikeoff.experiments.spawning import start_process

MAX_DEATHS = 5
"""So many workers that died one after another, and no trial that came through, end a search."""


class WorkerPool:
    """Processes that take trials of one study."""

    def __init__(self, url: str, name: str, total: int, size: int, machine: Machine) -> None:
        """``size`` processes for the first ``total`` trials of the study ``name`` at ``url``."""
        self._messages = multiprocessing.get_context("spawn").SimpleQueue()
        self._arguments = (url, name, total, machine, self._messages)
        self._size = size
        self._processes: list[BaseProcess] = []
        self._deaths, self._finished = 0, 0
        self._message = ""

    def alive(self) -> bool:
        """Whether one is."""
        return any(process.is_alive() for process in self._processes)

    def keep_up(self, finished: int, *, more: bool, asked: Callable[[], bool]) -> None:
        """Replace those that are gone, while there are ``more`` trials; ``finished`` are over.

        ``asked`` returns whether the search was asked to stop.

        Raises:
            UserError: they die one after another.
        """
        if finished > self._finished:
            self._deaths, self._finished = 0, finished
        for process in [one for one in self._processes if not one.is_alive()]:
            self._processes.remove(process)
            process.join()
            if process.exitcode:
                self._deaths += 1
                self._message = (
                    self._next_message() or f"a worker ended with status {process.exitcode}"
                )
        if self._deaths >= MAX_DEATHS:
            raise UserError(self._message)
        while more and len(self._processes) < self._size and not asked():
            process = start_process(work_apart, self._arguments)
            self._processes.append(process)
            if asked():  # in between: it may not have been passed on to this one
                process.terminate()

    def dismiss(self) -> None:
        """Ask all to stop, and wait until they have."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()
        self._processes.clear()

    def _next_message(self) -> str:
        return "" if self._messages.empty() else self._messages.get()
