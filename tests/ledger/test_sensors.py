"""Finding sensors: zeus' own code over a made-up powercap tree and a made-up NVML."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
import torch
import zeus.device.cpu
import zeus.device.gpu
from zeus.device.cpu import rapl
from zeus.device.gpu import nvidia

from spikeoff.ledger.metering import Tally
from spikeoff.ledger.sensors import (
    SensorError,
    Sensors,
    find_sensors,
    gpu_sensors,
    processor_sensors,
)

RANGE_UJ = 262_143_328_850


@pytest.fixture(autouse=True)
def fresh_zeus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """zeus keeps what it found; here it looks anew, and finds nothing unless a test says so."""
    for variable in ("CUDA_VISIBLE_DEVICES", "ZEUSD_SOCK_PATH", "ZEUSD_HOST_PORT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(zeus.device.cpu, "_cpus", None)
    monkeypatch.setattr(zeus.device.gpu, "_gpus", None)
    monkeypatch.setattr(rapl, "RAPL_DIR", str(tmp_path / "intel-rapl"))
    monkeypatch.setattr(rapl, "CONTAINER_RAPL_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(zeus.device.gpu, "amdsmi_is_available", lambda: False)
    monkeypatch.setattr(pynvml, "nvmlInit", no_driver)
    forget()
    yield
    monkeypatch.undo()
    forget()


def forget() -> None:
    rapl.rapl_is_available.cache_clear()
    nvidia.nvml_is_available.cache_clear()


def no_driver() -> None:
    raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)


def domain(folder: Path, name: str, uj: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE_UJ}\n")
    return folder


@pytest.fixture
def two_packages(tmp_path: Path) -> Path:
    """Two sockets, memory at each, cores within, and psys, which counts it all again."""
    root = tmp_path / "intel-rapl"
    for socket in (0, 1):
        package = domain(root / f"intel-rapl:{socket}", f"package-{socket}", 7_000_000)
        domain(package / f"intel-rapl:{socket}:0", "core", 3_000_000)
        domain(package / f"intel-rapl:{socket}:1", "dram", 2_000_000)
    domain(root / "intel-rapl:2", "psys", 20_000_000)
    return root


def test_packages_and_their_memory_are_counted_once(two_packages: Path) -> None:
    found = processor_sensors()
    assert [(one.name, one.kind, one.read()) for one in found.counters] == [
        ("CPU package-0", "cpu", 7.0),
        ("DRAM at package-0", "dram", 2.0),
        ("CPU package-1", "cpu", 7.0),
        ("DRAM at package-1", "dram", 2.0),
    ]
    assert not found.missing
    assert {one.wraps_at for one in found.counters} == {RANGE_UJ / 1e6}


def test_the_daemon_of_zeus_is_asked_where_there_is_one(
    two_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = SimpleNamespace(cpu_energy_uj=9_000_000, dram_energy_uj=4_000_000)
    daemon = SimpleNamespace(
        auth_error=None, can_read_cpu=True, cpu_ids=[0, 1, 2], dram_available=[True, False, False],
        get_cpu_energy=lambda ids, cpu, dram: {ids[0]: drawn},
    )  # fmt: skip
    monkeypatch.setattr(rapl, "ZeusdClient", lambda config: daemon)
    monkeypatch.setenv("ZEUSD_SOCK_PATH", "/run/zeusd.sock")
    assert [(one.name, one.read()) for one in processor_sensors().counters] == [
        ("CPU package-0", 9.0),
        ("DRAM at package-0", 4.0),
        ("CPU package-1", 9.0),
    ]


def test_a_wrap_is_seen_at_once(two_packages: Path) -> None:
    counter = processor_sensors().counters[0]
    energy = two_packages / "intel-rapl:0" / "energy_uj"
    energy.write_text(f"{RANGE_UJ - 1_000_000}\n")
    tally = Tally([counter])
    energy.write_text("500000\n")
    tally.look()
    assert tally.joules[counter.name] == pytest.approx(1.5)


def test_what_may_not_be_read_is_told_with_what_to_do(
    two_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = open

    def guarded(path: Any, *args: Any, **kwargs: Any) -> Any:
        if str(path).endswith("energy_uj"):  # mode 0400, root's
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr("builtins.open", guarded)
    found = processor_sensors()
    assert not found.counters
    (reason,) = found.missing
    assert reason.startswith("no RAPL domain readable: no permission to read ")
    assert "intel-rapl:0/energy_uj" in reason
    assert "root" in reason


def test_a_counter_that_vanishes_is_an_error_of_ours(two_packages: Path) -> None:
    counter = processor_sensors().counters[0]
    (two_packages / "intel-rapl:0" / "energy_uj").unlink()
    with pytest.raises(SensorError, match="CPU package-0: "):
        counter.read()


def test_without_sensors_both_say_so() -> None:
    assert "no RAPL domain readable: the system shows none" in processor_sensors().missing[0]
    assert "neither NVML nor AMD SMI starts" in gpu_sensors().missing[0]
    assert find_sensors("cpu").lacks("cpu") == processor_sensors().missing[0]
    for device in ("another", "mps"):
        assert f"device {device}" in (find_sensors(device).lacks("gpu") or "")


def test_where_zeus_cannot_be_imported_both_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("zeus.device.cpu", "zeus.device.gpu"):
        monkeypatch.setitem(sys.modules, module, None)
    for found in (processor_sensors(), gpu_sensors()):
        assert not found.counters
        assert "readable: zeus cannot be imported (" in found.missing[0]


class Board:
    """An NVML with two GPUs, the first older than Volta."""

    names = ("NVIDIA TITAN X", "NVIDIA H100")
    millijoules = 5_000

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def c2c(handle: int) -> None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

        architectures = (pynvml.NVML_DEVICE_ARCH_PASCAL, pynvml.NVML_DEVICE_ARCH_HOPPER)
        functions = {
            "nvmlInit": lambda: None,
            "nvmlShutdown": lambda: None,
            "nvmlDeviceGetCount": lambda: 2,
            "nvmlDeviceGetHandleByIndex": lambda number: number,
            "nvmlDeviceGetC2cModeInfoV": c2c,
            "nvmlDeviceGetName": lambda handle: self.names[handle],
            "nvmlDeviceGetArchitecture": lambda handle: architectures[handle],
            "nvmlDeviceGetTotalEnergyConsumption": self.total,
        }
        for name, function in functions.items():
            monkeypatch.setattr(pynvml, name, function)

    def total(self, handle: int) -> int:
        if handle != 1:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return self.millijoules


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    made = Board()
    made.install(monkeypatch)
    return made


def test_gpus_count_in_joules_and_old_ones_are_told_of(board: Board) -> None:
    found = gpu_sensors()
    (counter,) = found.counters
    assert (counter.name, counter.kind) == ("GPU 1 (NVIDIA H100)", "gpu")
    assert counter.read() == 5.0
    assert counter.wraps_at == math.inf
    assert found.missing == ("GPU 0 (NVIDIA TITAN X) counts no energy (older than Volta)",)


def lost(handle: int) -> int:
    raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)


def test_a_gpu_that_cannot_be_read_is_told_of(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", lost)
    found = gpu_sensors()
    assert not found.counters
    assert "GPU 1: GPU is lost" in found.missing


def test_a_lost_gpu_is_an_error_of_ours(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    (counter,) = gpu_sensors().counters
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", lost)
    with pytest.raises(SensorError, match=r"^GPU is lost"):
        counter.read()


def computing_on(monkeypatch: pytest.MonkeyPatch, number: int, name: str) -> Sensors:
    cuda = SimpleNamespace(current_device=lambda: number, get_device_name=lambda device: name)
    monkeypatch.setattr(torch, "cuda", cuda)
    return find_sensors("cuda")


def test_on_a_gpu_that_one_counts_beside_the_processors(
    board: Board, two_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = computing_on(monkeypatch, 1, "NVIDIA H100")
    assert [one.kind for one in found.counters] == ["cpu", "dram", "cpu", "dram", "gpu"]
    assert found.lacks("gpu") is None
    assert not found.missing  # the other GPU is nobody's concern


def test_a_gpu_in_use_that_counts_nothing_is_told_of(
    board: Board, two_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = computing_on(monkeypatch, 0, "NVIDIA TITAN X")
    assert found.lacks("gpu") == "GPU 0 (NVIDIA TITAN X) counts no energy (older than Volta)"


def test_without_a_counter_of_any_gpu_its_reason_is_told(
    two_packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = computing_on(monkeypatch, 0, "NVIDIA H100")
    assert "neither NVML nor AMD SMI starts" in (found.lacks("gpu") or "")


@pytest.mark.parametrize("number", [0, 2])
def test_a_gpu_under_another_number_is_not_taken_for_the_one_in_use(
    board: Board, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    found = computing_on(monkeypatch, number, "NVIDIA H100")
    assert not found.counters
    assert "set CUDA_DEVICE_ORDER=PCI_BUS_ID" in (found.lacks("gpu") or "")
