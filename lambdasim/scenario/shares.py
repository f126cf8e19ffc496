"""Fractions as the law has them: in units of 2**-24, to be compared with 24 random bits."""


def share_24(fraction: float) -> int:
    """Return a fraction (0 to 1) in units of 2**-24."""
    return round(fraction * (1 << 24))
