"""One fair race between spiking and conventional neural networks on MNIST."""

__version__ = "0.1.0"
