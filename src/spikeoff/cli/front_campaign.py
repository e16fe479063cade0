"""``spikeoff front``: families of networks in several sizes, compared at equal accuracy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spikeoff.cli.campaigns import PresetName, chosen, refuse_changes, run_race
from spikeoff.cli.training import DeviceName
from spikeoff.cli.ways import ExecutorName, Ways

if TYPE_CHECKING:
    from spikeoff.experiments.campaign import Entry


def front(
    preset: PresetName = "quick",
    families: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0,),
    output: str | None = None,
    epochs: int | None = None,
    num_threads: int | None = None,
    device: DeviceName = "auto",
    mnist_path: str | None = None,
    n_train: int | None = None,
    n_validation: int | None = None,
    tdp: float | None = None,
    timing_seconds: float | None = None,
    energy_seconds: float | None = None,
    energy_table: Path | None = None,
    resume: str | None = None,
    executor: ExecutorName = "local",
    workers: int | None = None,
    address: str | None = None,
    store: str | None = None,
) -> int:
    """Run each family of networks in several sizes, then compare them at equal accuracy.

    A spiking network is compared with the cheapest conventional network of the same accuracy,
    interpolated between the sizes that ran.

    Args:
        preset: quick, a short training of each network; original, the complete training with the
            settings of the original scripts; full, the same.
        families: families to run, such as mlp izhikevich-stdp; by default mlp and the three
            Izhikevich networks. cnn and diehl-cook have sizes too, and take longer.
        seeds: random seeds; every network runs once per seed.
        output: folder of the campaign, or URL in an object store, such as s3://bucket/front; by
            default a new folder under runs/.
        epochs: passes over the training images; replaces the value of the preset.
        num_threads: CPU threads per run; by default all cores, shared equally among several
            workers; one on a cluster.
        device: device to compute on; auto takes a GPU if there is one.
        mnist_path: data set, by name or path; MNIST by default.
        n_train: number of training images; replaces the value of the preset.
        n_validation: number of validation images; 5,000 by default.
        tdp: thermal design power (W) for the energy estimate; 160 by default.
        timing_seconds: time (s) to measure latency, and the same time for throughput; 0 measures
            neither.
        energy_seconds: maximum time (s) per run to measure energy, if there are sensors; 0
            measures none.
        energy_table: TOML file with the energy of each operation on a chip; 45 nm CMOS by default.
        resume: folder or URL of a stopped campaign; it continues with its original settings.
        executor: local, processes on this machine; or ray, a Ray cluster.
        workers: number of runs at a time; by default one, on a cluster as many as fit.
        address: address of the Ray cluster; by default RAY_ADDRESS, or a new cluster on this
            machine.
        store: folder or URL with the list of finished runs, which several campaigns can share; by
            default the folder of the campaign.
    """
    common = {
        "epochs": epochs,
        "num_threads": num_threads,
        "device": device,
        "mnist_path": mnist_path,
        "n_train": n_train,
        "n_validation": n_validation,
        "tdp": tdp,
        "timing_seconds": timing_seconds,
        "energy_seconds": energy_seconds,
    }
    if resume is not None:
        changed = families or seeds != (0,) or preset != "quick"
        refuse_changes({**common, "output": output, "energy_table": energy_table}, bool(changed))

    def begin(folder: Path) -> list[Entry]:
        from spikeoff.experiments.campaign.family_sizes import DEFAULT, front_entries

        return front_entries(families or DEFAULT, seeds, preset, chosen(common), folder)

    return run_race(
        begin, "front", preset, Ways(executor, workers, address, store), output=output,
        resume=resume, energy_table=energy_table,
    )  # fmt: skip
