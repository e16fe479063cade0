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
from spikeoff.exports import export_run
from spikeoff.runs import read_run
from spikeoff.training.session import run

PLAIN = """
import sys
import keras, numpy as np, tensorflow as tf
pixels, labels = np.load(sys.argv[1]), np.load(sys.argv[2])
model = keras.models.load_model(sys.argv[3])
served_model = tf.saved_model.load(sys.argv[4])
served = served_model.serve(pixels.astype(np.float32)).numpy()
predicted = model.predict(pixels, batch_size=1000, verbose=0)
print(model.evaluate(pixels, labels, verbose=0)[1])
np.savez(sys.argv[5], predicted=predicted.argmax(1), served=served.argmax(1))
assert not [name for name in sys.modules if name.startswith("spikeoff")]
"""


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_plain_keras_gives_a_native_runs_predictions_on_the_whole_test_set(
    name: str, tmp_path: Path, mnist: Dataset
) -> None:
    kind: Any = find(name)
    config = kind.config_type(
        save_path=tmp_path / "run", epochs=1, n_train=500, n_validation=100, num_threads=1,
        timing_seconds=0.0, energy_seconds=0.0, n_hidden=40,
    )  # fmt: skip
    run(name, config)
    keras_file = export_run(tmp_path / "run", "keras", tmp_path / "network.keras")
    served = export_run(tmp_path / "run", "saved-model", None)
    assert served == tmp_path / "run" / "saved-model"
    np.save(tmp_path / "x.npy", mnist.test.pixels.reshape(-1, 28, 28))
    np.save(tmp_path / "y.npy", mnist.test.labels)
    files = ["x.npy", "y.npy", keras_file, served, "out.npz"]
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, *map(str, files)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "UserWarning" not in done.stderr
    record = read_run(tmp_path / "run")
    with np.load(tmp_path / "out.npz") as answers:
        for way in ("predicted", "served"):
            np.testing.assert_array_equal(answers[way], record.answers)
    accuracy = float(done.stdout.split()[-1])
    assert accuracy == pytest.approx(record.summary["accuracy"]["test"], abs=1e-6)
    with pytest.raises(UserError, match="is there already"):
        export_run(tmp_path / "run", "saved-model", None)
    with pytest.raises(UserError, match=r"must end in \.keras"):
        export_run(tmp_path / "run", "keras", tmp_path / "network.h5")
    (tmp_path / "run" / "weights.safetensors").unlink()
    with pytest.raises(UserError, match=r"weights\.safetensors is missing"):
        export_run(tmp_path / "run", "keras", None)


def test_only_conventional_networks_are_exported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"contender": "diehl-cook"}')
    with pytest.raises(UserError, match="only mlp and cnn have a Keras model"):
        export_run(tmp_path, "keras", None)
