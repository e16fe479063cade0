"""Train the multilayer perceptron: ``spikeoff train mlp`` under the seed's name."""

import sys

from spikeoff.cli import main

if __name__ == "__main__":
    main(["train", "mlp", *sys.argv[1:]])
