"""The compiled pass: what ``meter`` counts with numpy, counted by one Numba loop that reads each row once.

It sums and logs in tables of fixed size (``tables``), by the loops in ``loop``; whenever they are full, and in the end,
``counting`` hands their contents to the accumulators that the numpy pass fills. Nothing is imported here.
"""
