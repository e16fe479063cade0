"""Data sets: sources, formats, and the split that all contenders share."""

from spikeoff.data.images import Dataset, Images
from spikeoff.data.source import EMBEDDED, load_dataset
from spikeoff.data.spec import MNIST, ImageSpec
from spikeoff.data.split import Split, split

__all__ = [
    "EMBEDDED",
    "MNIST",
    "Dataset",
    "ImageSpec",
    "Images",
    "Split",
    "load_dataset",
    "split",
]
