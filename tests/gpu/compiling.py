"""Every launch of a training step and of an answer, compiled for GPUs that are not here.

A script: prints a line of JSON a launch. Triton is told of a GPU, and given the very arguments that
it would get there; it compiles for them, to machine code, and launches nothing.

    python -m tests.gpu.compiling 80 90
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import KernelInterface

from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.gradient.triton import self_check
from spikeoff.data import load_dataset


class Absent:
    """A driver for a GPU of a compute capability, as far as a compiler asks."""

    def __init__(self, capability: int) -> None:
        self._capability = capability

    def get_current_device(self) -> int:
        return self._capability  # Triton keeps what it compiled by device

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", self._capability, 32)


def compile_only(kernel: Any, grid: Any) -> Callable[..., None]:
    """What ``kernel[grid]`` gives instead of a launch."""

    def launch(*arguments: Any, **options: Any) -> None:
        made = kernel.run(*arguments, grid=grid, warmup=True, **options)
        assembly, code = made.asm["ptx"], made.asm["cubin"]
        told = {
            "kernel": made.metadata.name,
            "target": assembly.split(".target ")[1].split()[0],
            "fused": assembly.count("fma."),
            "spilled": ".local" in assembly,
            "atomic": re.search(r"\b(atom|red)\.", assembly) is not None,
            "machine_code": code[:4].hex(),
        }
        sys.stdout.write(json.dumps(told) + "\n")

    return launch


def main(capabilities: list[int]) -> None:
    """Compile what the self-check, two steps of training and an answer would launch."""
    KernelInterface.__getitem__ = compile_only
    config = IzhikevichGradientConfig(
        hidden=(130,), n_steps=10, batch_size=4, device="cpu", num_threads=1, engine="torch"
    )
    network = IzhikevichGradient(config)
    network.use_backend("triton")
    images = load_dataset().train.take(slice(0, 8))
    for capability in capabilities:
        driver.set_active(Absent(capability))
        self_check.differences("cpu")
        for _ in network.learn(images, 1):
            pass
        network.respond(images)


if __name__ == "__main__":
    main(list(map(int, sys.argv[1:])))
