"""TensorFlow and Keras, loaded when they are first needed, and without their start-up talk.

They are an extra, and take seconds to load; no other engine imports them.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from spikeoff.contenders.base import require
from spikeoff.errors import UserError, one_line
from spikeoff.ledger.environment import available_cores

BACKEND = "tensorflow"

INFORMATION = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"
    rb"|I\d{4} "
    rb"|\d{4}-\d\d-\d\d [\d:.]+: I "
    rb"|To enable the following instructions"
)
"""How lines begin that TensorFlow's libraries write to stderr for information alone."""


def import_keras() -> Any:
    """Keras on TensorFlow, which are an extra and slow to import.

    Raises:
        UserError: they are not installed, do not load, or Keras runs on something else.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # warnings and errors
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = BACKEND
    try:
        with _without_information():
            _settle_triton()
            import_module("tensorflow")
            keras = import_module("keras")
    except ModuleNotFoundError as error:
        raise UserError(
            "engine tensorflow needs the extra: pip install 'spikeoff[tensorflow]'"
        ) from error
    except ImportError as error:
        raise UserError(
            f"TensorFlow is installed but does not load: {one_line(error)}; install it again: "
            "pip install --force-reinstall 'spikeoff[tensorflow]'"
        ) from error
    if keras.backend.backend() != BACKEND:
        raise UserError(
            f"Keras runs on {keras.backend.backend()} in this process already; engine tensorflow "
            "needs it on TensorFlow: start another process, with KERAS_BACKEND=tensorflow"
        )
    keras.config.set_floatx("float32")  # a user's keras.json may say otherwise
    keras.config.set_image_data_format("channels_last")
    return keras


def start_tensorflow(num_threads: int) -> Any:
    """TensorFlow on the CPU, on so many threads, the same bits every time.

    Raises:
        UserError: as ``import_keras``; or it runs already, with other threads or on a GPU.
    """
    import_keras()
    tf = import_module("tensorflow")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(num_threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        running = tf.config.threading.get_intra_op_parallelism_threads() or available_cores()
        require("num_threads", num_threads, num_threads == running,
                f"{running}: TensorFlow runs in this process already, and keeps its threads; start "
                "another process for others")  # fmt: skip
    if tf.config.list_physical_devices("GPU"):
        try:
            tf.config.set_visible_devices([], "GPU")
        except RuntimeError as error:
            raise UserError(
                "TensorFlow runs on a GPU in this process already; engine tensorflow computes on "
                "the CPU: start another process"
            ) from error
    tf.config.experimental.enable_op_determinism()
    return tf


def _settle_triton() -> None:
    """Load Triton first, or never: loaded behind TensorFlow it ends the process.

    Both bring LLVM, and PyTorch loads Triton when it makes its first optimizer. Without it PyTorch
    compiles nothing for GPUs, which nothing here asks it to do.
    """
    if "tensorflow" in sys.modules:
        sys.modules.setdefault("triton", None)  # type: ignore[arg-type]
    else:
        with suppress(ImportError):
            import_module("triton")


@contextmanager
def _without_information() -> Iterator[None]:
    """Hold back what is written to stderr within, then pass on all but information.

    TensorFlow's libraries write past Python, before any setting of theirs is read.
    """
    with tempfile.TemporaryFile() as held:
        try:
            former = os.dup(2)
        except OSError:  # there is no stderr
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(former, 2)
            os.close(former)
            held.seek(0)
            others = [line for line in held if not INFORMATION.match(line)]
            os.write(2, b"".join(others))
