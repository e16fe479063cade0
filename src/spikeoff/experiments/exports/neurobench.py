"""NeuroBench's results file: the record of a run under the names of its metrics.

Keys and nesting are those of ``Benchmark.run`` and ``save_benchmark_results(..., "json")`` of
NeuroBench 2.3. The values are our counts, which tests hold to NeuroBench's own.

Source: J. Yik et al., "NeuroBench: a framework for benchmarking neuromorphic computing algorithms
and systems", 2023.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spikeoff.experiments.exports import Exported
from spikeoff.run.json_files import write_json
from spikeoff.run.run_record import RunRecord, read_run


def export(folder: Path, output: Path) -> Exported:
    """Write the results of the run in ``folder``.

    Raises:
        UserError: there is no finished run.
    """
    write_json(output, results(read_run(folder)))
    return Exported(output, "NeuroBench's metrics on the test images")


def results(record: RunRecord) -> dict[str, Any]:
    """The metrics by NeuroBench's names; only those that the record has."""
    summary = record.summary
    operations, memory = summary["operations"], summary["memory"]
    found: dict[str, Any] = {}
    if "parameters_bytes" in memory:
        found["Footprint"] = memory["parameters_bytes"] + memory["buffers_bytes"]
    sparsity = summary.get("sparsity", {})
    if sparsity.get("connection") is not None:
        found["ConnectionSparsity"] = sparsity["connection"]
    found["ClassificationAccuracy"] = summary["accuracy"]["test"]
    if "activation" in sparsity:
        found["ActivationSparsity"] = sparsity["activation"]
    found["SynapticOperations"] = {
        "Effective_MACs": operations["effective_macs"],
        "Effective_ACs": operations["effective_acs"],
        "Dense": operations["dense_macs"],
    }
    if summary["spiking"]:
        found["MembraneUpdates"] = operations["membrane_updates"]
    return found
