"""Drawing with compiled loops: the same plan, bit by bit, in a fraction of the time.

Each loop in ``drawing`` and ``pacing`` names its numpy twin. Logarithms and exponentials stay numpy's, so loops stand
before and after them. Nothing is imported here.
"""
