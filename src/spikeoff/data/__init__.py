"""Data sets: sources, formats, and the split that all contenders share."""

from spikeoff.data.images import N_CLASSES, N_PIXELS, SIDE, Dataset, Images
from spikeoff.data.source import EMBEDDED, load_dataset
from spikeoff.data.split import Split, split

__all__ = [
    "EMBEDDED",
    "N_CLASSES",
    "N_PIXELS",
    "SIDE",
    "Dataset",
    "Images",
    "Split",
    "load_dataset",
    "split",
]
