"""``python -m spikeoff``: the same as the ``spikeoff`` command."""

from spikeoff.cli import main

if __name__ == "__main__":
    main()
