"""Train the convolutional network: ``spikeoff train cnn`` under the seed's name."""

import sys

from spikeoff.cli import main

if __name__ == "__main__":
    main(["train", "cnn", *sys.argv[1:]])
