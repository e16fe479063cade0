"""The command line: one short function per verb.

Flags come from the signatures and configuration dataclasses. A verb imports heavy modules only when
it needs them, so that help appears without delay.
"""

from spikeoff.cli.running import main
from spikeoff.cli.training import TrainFlags

__all__ = ["TrainFlags", "main"]
