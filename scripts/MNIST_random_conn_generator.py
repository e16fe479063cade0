"""Write the initial weights of the Diehl & Cook network: ``spikeoff weights`` by its old name."""

import sys

from spikeoff.cli import main

if __name__ == "__main__":
    main(["weights", *sys.argv[1:]])
