"""The model of one function that its log supports: laws, rates and idle life, each with what it rests on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from lambdasim.calibration.environments import FEWEST_CHOICES, FEWEST_PAUSES, Idle, idle, pauses, reuse
from lambdasim.calibration.laws import NOTHING, Fit, Floats, fit
from lambdasim.calibration.memory import CpuShare, cpu_share
from lambdasim.calibration.observed import FEWEST_WARM, Observed, sizes, thin
from lambdasim.config import quotas
from lambdasim.logs.rows import NONE_US, Ended
from lambdasim.report.words import counted
from lambdasim.units import NS_PER_S

SLOW_FIRST: Final = 1.3
"""A note is made when a cold start's handler takes so many times as long as a warm one's."""
MOST_TIMEOUT_S: Final = quotas.TIMEOUT_MAX.value // NS_PER_S


@dataclass(frozen=True, eq=False)
class FunctionModel:
    """What is taken for one function."""

    seen: Observed
    tuned: Mapping[int, float]
    """Mean durations by memory size, as power tuning measured them."""

    @property
    def name(self) -> str:
        """What the function is called."""
        return self.seen.name

    @cached_property
    def duration(self) -> Fit | None:
        """The law of the handler time in a warm environment, of invocations that did not time out."""
        times = self.seen.warm_ms()
        return fit(times) if len(times) else None

    @cached_property
    def init(self) -> Fit | None:
        """The law of Init Durations."""
        times = self.seen.init_ms()
        return fit(times) if len(times) else None

    @cached_property
    def idle(self) -> Idle:
        """The idle timeout that pauses of log streams support."""
        return idle(pauses(self.seen.rows))

    @cached_property
    def reuse(self) -> dict[str, Any]:
        """Which idle environment was taken."""
        return reuse(self.seen.rows)

    @cached_property
    def cpu(self) -> CpuShare | None:
        """The share of the duration that is CPU work."""
        own = {size: float(times.mean()) for _, size, times in sizes([self.seen])}
        if len(own) > 1:
            return cpu_share(own, self.memory_mb, "memory sizes of the log")
        return cpu_share(self.tuned, self.memory_mb, "aws-lambda-power-tuning")

    @property
    def memory_mb(self) -> int:
        """Memory, within what AWS allows."""
        most = quotas.MEMORY_MAX.value
        return min(max(self.seen.memory_mb, quotas.MEMORY_MIN.value), most)

    @property
    def timeout_s(self) -> int:
        """The timeout that was reached, or the longest: none of what was measured is cut then."""
        return min(self.seen.timeout_s() or MOST_TIMEOUT_S, MOST_TIMEOUT_S)

    @cached_property
    def shares(self) -> dict[str, float]:
        """Errors, crashes and time-outs as shares of invocations."""
        share = self.seen.share
        return {"error": share(Ended.ERROR), "crash": share(Ended.CRASH), "timeout": share(Ended.TIMEOUT)}

    @cached_property
    def used_mb(self) -> Floats:
        """Max Memory Used, sorted, of those whose log says it."""
        used = self.seen.rows.used_mb
        return np.sort(used[used > 0]).astype(float)

    def duration_text(self) -> str | None:
        """Return the law of durations with what timed out, as an experiment file has it; None for an empirical one.

        What the law's own tail has beyond the timeout times out by itself.
        """
        if self.duration is None or not self.duration.text:
            return None
        by_itself = self.duration.beyond(self.timeout_s * 1000) if self.shares["timeout"] else 0.0
        late = round(max(self.shares["timeout"] - by_itself, 0) / (1 - by_itself), 6)
        if not late:
            return self.duration.text
        return (
            f"mixture({round(1 - late, 6):g}: {self.duration.text}, {late:g}: constant({self.timeout_s * 1000 + 1}ms))"
        )

    def duration_values(self) -> Floats:
        """Return the values of an empirical law, with what timed out."""
        assert self.duration is not None
        kept = self.duration.values
        late = round(len(kept) * self.shares["timeout"])
        return np.append(kept, np.full(late, self.timeout_s * 1000 + 1.0))

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``fit.json``."""
        seen, used, cold = self.seen, self.used_mb, int(self.seen.cold.sum())
        count = len(seen)
        return {
            "invocations": count,
            "memory_mb": seen.memory_mb or None,
            "memory_used_mb": _used(used),
            "duration": self.duration.to_json() if self.duration else dict(NOTHING),
            "init": self.init.to_json() if self.init else dict(NOTHING),
            "cold_starts": cold,
            "cold_start_rate": cold / count if count else None,
            "cold_starts_with_hidden_init": int(seen.hidden.sum()),
            "error_rate": (self.shares["error"] + self.shares["crash"]) if count else None,
            "crash_rate": self.shares["crash"] if count else None,
            "timeout_rate": self.shares["timeout"] if count else None,
            "timeout_s": seen.timeout_s(),
            "concurrency": seen.concurrency() if seen.timed else None,
            "environments": seen.environments(),
            "idle_timeout": self.idle.to_json(),
            "reuse": self.reuse,
            "cpu_share": self.cpu.to_json() if self.cpu else None,
            "billing": seen.billing(),
            "arrivals": seen.profile(),
            "notes": self.notes(),
        }

    def notes(self) -> list[str]:
        """Return what the log cannot tell, or tells unexpectedly, in plain sentences."""
        seen, said = self.seen, list[str]()
        for what, law in (("durations", self.duration), ("Init Durations", self.init)):
            few = thin(law.samples) if law is not None else None
            if few:
                said.append(f"{what}: {few}")
        if self.init is None:
            said.append("no cold start has an Init Duration: init is a guess of 300 ms")
        if seen.hidden.any():
            said.append(
                f"{counted(int(seen.hidden.sum()), 'cold start')} ran the init within the invocation, after it had "
                "failed or taken over 10 s: such Durations are left out"
            )
        if (seen.rows.restore_us != NONE_US).any():
            said.append("SnapStart: restores of snapshots stand for inits")
        if seen.provisioned:
            said.append(f"initialised for provisioned concurrency: {counted(seen.provisioned, 'environment')}")
        many = np.unique(seen.rows.memory_mb)
        if len(many) > 1:
            said.append(
                f"{len(many)} memory sizes ({', '.join(f'{size:,} MB' for size in many.tolist())}): laws are of "
                f"{seen.memory_mb:,} MB; is it one function?"
            )
        cold, warm = seen.cold_ms(), seen.warm_ms()
        if len(cold) >= FEWEST_WARM and len(warm) >= FEWEST_WARM and np.median(cold) > SLOW_FIRST * np.median(warm):
            ratio = float(np.median(cold) / np.median(warm))
            said.append(
                f"the handler of a cold start takes {ratio:.1f} times as long as a warm one (medians): the model draws "
                "both from the warm ones"
            )
        if self.cpu is None:
            said.append("one memory size tells nothing of the share of CPU work: give two, or power-tuning output")
        if not self.idle.known and seen.environments() is None:
            said.append("no log streams: nothing is known of idle life and reuse; filter-log-events names them")
        elif not self.idle.known:
            said.append(
                f"{counted(self.idle.pauses, 'pause')} of over a minute and {counted(self.idle.ends, 'known end')} say "
                f"too little of idle life: {FEWEST_PAUSES} of each are needed"
            )
        if self.reuse["law"] is None and seen.environments() is not None:
            said.append(f"{self.reuse['choices']} choices among idle environments: {FEWEST_CHOICES} would tell which")
        if not seen.timed:
            said.append("the log has no times: neither traffic nor concurrency is known")
        if (skewed := seen.skewed()) > 0:
            said.append(
                f"begun before the last one of their log stream had ended: {counted(skewed, 'invocation')}; clocks "
                "differ, or a stream is not one environment"
            )
        if far := seen.far():
            said.append(far)
        if seen.timeout_s() is None:
            said.append("no invocation timed out, so the timeout is not known: it is set to 15 min")
        if not self.shares["error"] and not seen.rows.says_errors.all():
            said.append(
                "no error of a handler is seen: JSON logs tell of all, text logs of those that the runtime itself "
                "writes (Node.js, Python, Java, .NET, Go, Ruby)"
            )
        return said


def _used(used: Floats) -> dict[str, float] | None:
    if not len(used):
        return None
    places = {"p50": 0.5, "p99": 0.99}
    found = {name: float(used[max(math.ceil(q * len(used)) - 1, 0)]) for name, q in places.items()}
    return {**found, "max": float(used[-1])}
