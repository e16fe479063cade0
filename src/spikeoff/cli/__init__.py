"""The command line: a short function a verb.

Flags come from the signatures and configuration dataclasses. Heavy imports wait until a verb
needs them, so that help comes at once.
"""

from spikeoff.cli.running import main
from spikeoff.cli.training import TrainFlags

__all__ = ["TrainFlags", "main"]
