"""Triton: the Izhikevich network on a GPU. Not yet run on one.

The kernels run through Triton's interpreter in tests, and compile to machine code there; see the
section on GPUs in ``docs/performance.md``.
"""
