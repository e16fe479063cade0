"""safetensors with a model card: weights, and a README.md as model hubs show it.

The output is a folder: ``model.safetensors`` has the learned arrays, with the settings and figures
of the run as JSON in its header; ``README.md`` is the card; ``config.json`` has the settings.

Source of the card's header: the ``model-index`` of Hugging Face's model cards.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from spikeoff.data.tensors import write_tensors
from spikeoff.experiments.exports import Exported
from spikeoff.files import write_text
from spikeoff.run.folder import CONFIG
from spikeoff.run.learned import read_state
from spikeoff.run.run_record import RunRecord, read_config, read_run

MODEL, CARD = "model.safetensors", "README.md"

NOT_SETTINGS = ("save_path", "mnist_path", "data_path")
"""Settings that say where files are on one machine, which a card does not tell."""


def export(folder: Path, output: Path) -> Exported:
    """Write weights and card of the run in ``folder`` into the folder ``output``.

    Raises:
        UserError: there is no finished run, or its weights are missing.
    """
    record = read_run(folder)
    arrays = read_state(folder)
    _, content, _ = read_config(folder)
    settings = {name: value for name, value in content.items() if name not in NOT_SETTINGS}
    facts = {
        "contender": record.contender,
        "config": settings,
        "accuracy": record.summary["accuracy"],
    }
    write_tensors(output / MODEL, arrays, facts)
    write_text(output / CONFIG, json.dumps({"contender": record.contender, **settings}, indent=2))
    write_text(output / CARD, card(record, arrays, settings))
    return Exported(output, f"{len(arrays)} arrays in {MODEL}; the model card is {CARD}")


def card(record: RunRecord, arrays: dict[str, Any], settings: dict[str, Any]) -> str:
    """The text of the card."""
    environment = Environment(
        loader=PackageLoader("spikeoff.experiments.exports", "."), undefined=StrictUndefined
    )
    return environment.get_template("model_card.md.jinja").render(
        **record.summary, arrays=arrays, model=MODEL, settings=json.dumps(settings, indent=2)
    )
