"""A run's log file."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from spikeoff.errors import UserError
from spikeoff.run.signals import Interrupted

MAX_BYTES = 4 << 20
"""A log that grows larger starts over; the one before it is kept."""


@contextmanager
def log_file(path: Path) -> Iterator[logging.Logger]:
    """A logger that writes to ``path`` alone; its last line says how the run ended."""
    logger = logging.getLogger(f"spikeoff.run.{path}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = _Handler(path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    try:
        yield logger
    except Interrupted as stop:
        logger.info("stopped by signal %d", stop.signum)
        raise
    except UserError as error:
        logger.error("the run failed: %s", error)
        raise
    except Exception:
        logger.exception("the run failed")
        raise
    finally:
        logger.removeHandler(handler)
        with contextlib.suppress(OSError):
            handler.close()


class _Handler(RotatingFileHandler):
    """Ignores lines that cannot be written: a full disk is reported elsewhere."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        del record
