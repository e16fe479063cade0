"""Train the Izhikevich network: ``spikeoff train izhikevich-gradient`` under the seed's name."""

import sys

from spikeoff.cli import main

if __name__ == "__main__":
    main(["train", "izhikevich-gradient", *sys.argv[1:]])
