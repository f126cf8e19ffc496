"""Times that lie far from all others, as those of a clock that is wrong do."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FAR_NS: Final = 12 * 3600 * 10**9
"""Half a day: a clock whose zone is wrong is off by up to 14 hours, and few functions rest so long just once."""
FEW: Final = 0.05
"""Of all times, those that lie apart are at most so many, or one."""


def far_times(times_ns: NDArray[np.int64]) -> str:
    """Return, as words of a message, which few of some times in order lie half a day or more before or after the rest.

    Nothing where none do, or where the rest itself pauses for so long: then that is how the function is called.
    """
    breaks = np.flatnonzero(np.diff(times_ns) > FAR_NS) + 1
    most = max(int(len(times_ns) * FEW), 1)
    before = max((int(at) for at in breaks if at <= most), default=0)
    until = min((int(at) for at in breaks if len(times_ns) - at <= most), default=len(times_ns))
    if until - before < 2 or not (before or until < len(times_ns)) or ((breaks > before) & (breaks < until)).any():
        return ""
    said = []
    for count, gap_ns, where in (
        (before, times_ns[before] - times_ns[before - 1], "before"),
        (len(times_ns) - until, times_ns[min(until, len(times_ns) - 1)] - times_ns[until - 1], "after"),
    ):
        if count:
            lies = "time lies" if count == 1 else "times lie"
            said.append(f"{count:,} {lies} {int(gap_ns) / 3.6e12:,.0f} h {where} all others")
    return f"{' and '.join(said)}: if a clock was wrong, take the lines out, for they make the log longer than it is"
