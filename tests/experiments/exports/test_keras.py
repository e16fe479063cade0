"""A run's network in plain Keras and TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikeoff.contenders.registry import find
from spikeoff.data import Dataset
from spikeoff.errors import UserError
from spikeoff.experiments.exports import export_run
from spikeoff.run.folder import RunFolder
from spikeoff.run.run_record import read_run
from spikeoff.run.session import run

pytestmark = pytest.mark.reference

PLAIN = """
import sys
import keras, numpy as np, tensorflow as tf
data = np.load("data.npz")
for name in ("mlp", "cnn"):
    model = keras.models.load_model(f"{name}.keras")
    predicted = model.predict(data["pixels"], batch_size=1000, verbose=0).argmax(1)
    print(model.evaluate(data["pixels"], data["labels"], batch_size=1000, verbose=0)[1])
    np.save(f"{name}-predicted.npy", predicted)
served = tf.saved_model.load("mlp/saved-model")
np.save("mlp-served.npy", served.serve(data["pixels"].astype(np.float32)).numpy().argmax(1))
assert not [name for name in sys.modules if name.startswith("spikeoff")]
"""


def test_plain_keras_gives_native_runs_predictions_on_the_whole_test_set(
    tmp_path: Path, mnist: Dataset
) -> None:
    for name in ("mlp", "cnn"):
        kind: Any = find(name)
        size: dict[str, Any] = {"n_hidden": 40} if name == "cnn" else {"hidden": (40, 20)}
        config = kind.config_type(
            save_path=tmp_path / name, epochs=1, n_train=300, n_validation=50, num_threads=1,
            timing_seconds=0.0, energy_seconds=0.0, **size,
        )  # fmt: skip
        run(name, config)
        export_run(tmp_path / name, "keras", tmp_path / f"{name}.keras")
    served = export_run(tmp_path / "mlp", "saved-model", None)
    assert served.path == tmp_path / "mlp" / "saved-model"
    pixels = mnist.test.pixels.reshape(-1, 28, 28)
    np.savez(tmp_path / "data.npz", pixels=pixels, labels=mnist.test.labels)
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "UserWarning" not in done.stderr
    for name, accuracy in zip(("mlp", "cnn"), done.stdout.split(), strict=True):
        record = read_run(tmp_path / name)
        assert float(accuracy) == pytest.approx(record.summary["accuracy"]["test"], abs=1e-6)
        for found in tmp_path.glob(f"{name}-*.npy"):
            np.testing.assert_array_equal(np.load(found), record.answers)


def test_what_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    """The weights of a run, without the run."""
    kind: Any = find("mlp")
    config = kind.config_type(hidden=(10,), num_threads=1)
    with RunFolder(tmp_path / "run") as folder:
        folder.write_config("mlp", config)
        with pytest.raises(UserError, match=r"weights\.safetensors is missing; .* --resume"):
            export_run(folder.path, "keras", None)
        folder.write_weights(kind(config).state())
        with pytest.raises(UserError, match=r"network\.h5\) must end in \.keras"):
            export_run(folder.path, "keras", tmp_path / "network.h5")
        (folder.path / "saved-model").mkdir()
        with pytest.raises(UserError, match="saved-model: is there already"):
            export_run(folder.path, "saved-model", None)


def test_only_conventional_networks_are_exported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"contender": "diehl-cook"}')
    with pytest.raises(UserError, match="only mlp and cnn have a Keras model"):
        export_run(tmp_path, "keras", None)
