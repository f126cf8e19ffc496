"""Loops as machine code: compiled once by Numba, kept as object files, and loaded without Numba.

:mod:`~lambdasim.machine_code.native` is the way in, :mod:`~lambdasim.machine_code.jit` what loops are written with.
Nothing here knows what a loop does. Nothing is imported here.
"""
