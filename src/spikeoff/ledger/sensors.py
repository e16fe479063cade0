"""Which energy counters this machine has, as zeus finds them: RAPL for processors, NVML for GPUs.

RAPL counters wrap around. They are read here as they are, and whoever adds them up sees the wrap
(``metering``): zeus notices one in a process of its own that looks once a second, so that what it
tells in that second is short by a whole range.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from spikeoff.errors import one_line

Kind = Literal["cpu", "dram", "gpu"]

WINDOW: dict[Kind, float] = {"cpu": 2.0, "dram": 2.0, "gpu": 10.0}
"""Seconds beside which a counter's step is small: about 1 ms in RAPL, up to 100 ms in NVML."""


class SensorError(Exception):
    """A counter can no longer be read."""


@dataclass(frozen=True)
class Counter:
    """A count of energy that only rises, but for wrapping around.

    name: what draws it, in words.
    kind: which part of the machine that is.
    read: the count (J); raises ``SensorError``.
    wraps_at: the count (J) at which it starts at 0 again; infinite if it does not.
    """

    name: str
    kind: Kind
    read: Callable[[], float]
    wraps_at: float = math.inf


@dataclass(frozen=True)
class Sensors:
    """The counters to be had, and why others are missing."""

    counters: tuple[Counter, ...] = ()
    missing: tuple[str, ...] = ()

    def lacks(self, kind: Kind) -> str | None:
        """Why there is no counter of this kind; None if there is one."""
        if any(counter.kind == kind for counter in self.counters):
            return None
        return "; ".join(self.missing) or f"no counter of kind {kind}"


def find_sensors(device: str) -> Sensors:
    """The counters of what computes on a PyTorch ``device``: processors, and the GPU in use."""
    processors = processor_sensors()
    if device.startswith("cuda"):
        gpu = _in_use(gpu_sensors())
        return Sensors(processors.counters + gpu.counters, gpu.missing + processors.missing)
    if device != "cpu":
        return Sensors(missing=(f"no counter is known for device {device}",))
    return processors


def processor_sensors() -> Sensors:
    """RAPL: every processor package and the memory at it."""
    try:
        from zeus.device.cpu import get_cpus, rapl_is_available  # noqa: PLC0415 (a quarter second)

        if not rapl_is_available():
            return Sensors(missing=(
                "no RAPL domain readable: the system shows none under /sys/class/powercap "
                "(virtual machines seldom do)",
            ))  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # domains that cannot be read are not listed
            found = get_cpus()
        counters = [one for cpu in found.cpus for one in _package(cpu, Path(found.rapl_dir))]
    except Exception as error:  # whatever zeus meets on a machine, a race goes on without it
        return Sensors(missing=(f"no RAPL domain readable: {_reason(error)}",))
    if not counters:
        return Sensors(missing=("no RAPL domain readable: there is no processor package",))
    return Sensors(tuple(counters))


def gpu_sensors() -> Sensors:
    """NVML, or AMD SMI: every GPU that is visible, in CUDA's numbering."""
    try:
        from zeus.device.gpu import (  # noqa: PLC0415 (a quarter second)
            amdsmi_is_available,
            get_gpus,
            nvml_is_available,
        )

        if not (nvml_is_available() or amdsmi_is_available()):
            return Sensors(missing=("no GPU counter readable: neither NVML nor AMD SMI starts",))
        gpus = get_gpus().gpus
    except Exception as error:  # as above
        return Sensors(missing=(f"no GPU counter readable: {_reason(error)}",))
    counters, missing = [], []
    for number, gpu in enumerate(gpus):
        try:
            name = f"GPU {number} ({gpu.get_name()})"
            if not gpu.supports_get_total_energy_consumption():
                missing.append(f"{name} counts no energy (older than Volta)")
                continue
            counter = Counter(name, "gpu", _milli(gpu.get_total_energy_consumption))
            counter.read()
            counters.append(counter)
        except Exception as error:  # as above
            missing.append(f"GPU {number}: {_reason(error)}")
    return Sensors(tuple(counters), tuple(missing))


def _in_use(gpus: Sensors) -> Sensors:
    """The GPU that PyTorch computes on; the two may number unlike GPUs differently."""
    import torch  # noqa: PLC0415 (already loaded by whoever has a device)

    number = torch.cuda.current_device()
    name = f"GPU {number} ({torch.cuda.get_device_name(number)})"
    for counter in gpus.counters:
        if _bare(counter.name) == _bare(name):
            return Sensors((counter,))
    told = tuple(reason for reason in gpus.missing if _bare(reason).startswith(_bare(name)))
    if told or not gpus.counters:
        return Sensors(missing=told or gpus.missing)
    return Sensors(missing=(
        f"PyTorch computes on {name}, the counters are of "
        f"{', '.join(one.name for one in gpus.counters)}; set CUDA_DEVICE_ORDER=PCI_BUS_ID",
    ))  # fmt: skip


def _bare(name: str) -> str:
    return name.replace("NVIDIA ", "")


def _package(cpu: Any, folder: Path) -> list[Counter]:
    """Counters of a RAPL domain; none of psys, which counts the packages again."""
    name = (folder / f"intel-rapl:{cpu.cpu_index}" / "name").read_text().strip()
    if not name.startswith("package"):
        return []
    if not hasattr(cpu, "rapl_file"):  # by zeus' daemon, for those who are not root
        package = Counter(
            f"CPU {name}", "cpu", _milli(lambda: cpu.get_total_energy_consumption().cpu_mj)
        )
        memory = Counter(
            f"DRAM at {name}", "dram", _milli(lambda: cpu.get_total_energy_consumption().dram_mj)
        )
        return [package, memory] if cpu.supports_get_dram_energy_consumption() else [package]
    counters = [_powercap(f"CPU {name}", "cpu", cpu.rapl_file)]
    if cpu.dram is not None:
        counters.append(_powercap(f"DRAM at {name}", "dram", cpu.dram))
    return counters


def _powercap(name: str, kind: Kind, domain: Any) -> Counter:
    path = Path(domain.energy_uj_path)

    def read() -> float:
        try:
            return int(path.read_text()) / 1e6
        except (OSError, ValueError) as error:
            raise SensorError(f"{name}: {_reason(error)}") from error

    return Counter(name, kind, read, wraps_at=domain.max_energy_range_uj / 1e6)


def _milli(read: Callable[[], float]) -> Callable[[], float]:
    """What tells millijoules, in joules."""

    def joules() -> float:
        try:
            return read() / 1000
        except Exception as error:  # zeus' errors have no common base besides this
            raise SensorError(_reason(error)) from error

    return joules


def _reason(error: Exception) -> str:
    """An error in a line; for the usual one, what to do."""
    cause = error.__cause__ if isinstance(error.__cause__, PermissionError) else error
    if isinstance(cause, PermissionError):
        where = os.fspath(cause.filename or "its counter")
        return f"no permission to read {where} (root has it; so does zeus' daemon)"
    if isinstance(error, ImportError):
        return f"zeus cannot be imported ({one_line(error)})"
    return one_line(error)
