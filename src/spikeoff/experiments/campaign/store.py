"""Finished runs by address: a small file for each says where the run lies.

    addresses/<first two digits>/<address>.json    {"run": place, "sha256": of its summary.json}

The checksum holds the note to the record: a folder that was removed, or holds another run by now,
is not taken for the one that was meant.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from spikeoff.errors import UserError
from spikeoff.experiments.campaign.plan import check_place
from spikeoff.experiments.campaign.storage import LocalStorage, Storage, is_url, open_storage
from spikeoff.run.folder import SUMMARY


class Store:
    """Notes of finished runs, which campaigns share."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def find(self, address: str) -> tuple[Storage, str] | None:
        """Where the finished run of this address lies: a storage, and the folder in it."""
        raw = self._storage.read(_note(address))
        if raw is None:
            return None
        try:
            note = json.loads(raw)
            storage, place = self._located(note["run"])
            digest = str(note["sha256"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        try:
            summary = storage.read(f"{place}/{SUMMARY}")
        except UserError:
            return None
        if summary is None or hashlib.sha256(summary).hexdigest() != digest:
            return None
        return storage, place

    def add(self, address: str, output: Storage, place: str) -> None:
        """Note that the run of this address has finished in ``place``.

        Raises:
            UserError: the note cannot be written.
        """
        summary = output.read(f"{place}/{SUMMARY}")
        if summary is None:
            raise UserError(f"{output.where}/{place}: {SUMMARY} is missing")
        here = output.where == self._storage.where
        run = place if here else f"{output.where}/{place}"
        note = {"run": run, "sha256": hashlib.sha256(summary).hexdigest()}
        self._storage.write(_note(address), (json.dumps(note, indent=2) + "\n").encode())

    def _located(self, run: object) -> tuple[Storage, str]:
        """What a note names; only storages of the store's own kind are opened.

        Raises:
            ValueError: it names no run's folder.
        """
        text = str(run)
        local = isinstance(self._storage, LocalStorage)
        if not is_url(text) and not Path(text).is_absolute():
            return self._storage, check_place(text)
        if local == is_url(text) or not (
            local or _protocol(text) == _protocol(self._storage.where)
        ):
            raise ValueError("a run in a storage of another kind")
        above, _, last = text.rpartition("/")
        return open_storage(above), check_place(last)


def _protocol(url: str) -> str:
    return url.partition("://")[0]


def _note(address: str) -> str:
    return f"addresses/{address[:2]}/{address}.json"
