"""Kernels of the gradient-trained networks on the CPU."""
