"""Train the STDP network: ``spikeoff train izhikevich-stdp`` under the seed's name."""

import sys

from spikeoff.cli import main

if __name__ == "__main__":
    main(["train", "izhikevich-stdp", *sys.argv[1:]])
