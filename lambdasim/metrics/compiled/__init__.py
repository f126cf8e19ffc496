"""The compiled pass: what ``meter`` counts with numpy, counted by one Numba loop that reads each row once.

It counts in tables of fixed size (``tables``), by the loop in ``loop``; whenever they are full, and in the end,
``counting`` hands their contents to the accumulators that the numpy pass fills. Nothing is imported here.
"""
