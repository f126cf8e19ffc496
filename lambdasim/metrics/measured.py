"""What was measured in one run: the objects of its summary, its time series, and what it used of billable things."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lambdasim.config.qualifier import function_of, qualifier_of
from lambdasim.garbage import uncollected
from lambdasim.metrics import snapshots, summary, timeline
from lambdasim.metrics.cells import Int64, sums_by
from lambdasim.metrics.downstreams import DownstreamMeter
from lambdasim.metrics.histogram import Histogram
from lambdasim.metrics.invariants import Balance
from lambdasim.metrics.ledger import Floats, Ledger
from lambdasim.metrics.observations import Observed, observations
from lambdasim.metrics.period_usage import BILLABLE, PeriodUsage, period_usage
from lambdasim.metrics.series import Series, SeriesTable
from lambdasim.metrics.sources.measured import MeasuredSources
from lambdasim.metrics.stretches import MANY, FunctionSeries
from lambdasim.metrics.versions import Groups, Versions, by_function, by_version, owned
from lambdasim.records import LevelMetric
from lambdasim.units import NS_PER_MS
from lambdasim.usage import Busy, FunctionUsage, PeriodUse, SourceUsage

if TYPE_CHECKING:
    import pandas as pd


class Measured:
    """The measurements of one run. ``balances`` are its exact laws, for :func:`lambdasim.metrics.invariants.verify`."""

    def __init__(
        self, ledger: Ledger, balances: Sequence[Balance], events: MeasuredSources, downstreams: DownstreamMeter
    ) -> None:
        self._ledger = ledger
        self._versions = Versions(ledger.functions)
        self._events = events
        self._downstreams = downstreams
        self.balances = tuple(balances)

    @cached_property
    @uncollected
    def usage(self) -> dict[str, FunctionUsage]:
        """What each function used over the whole run, warm-up included, by name.

        Invocations in flight at the end count as requests; their duration is billed when they end, so not here.
        """
        by_period, ledger = self.usage_by_period, self._ledger
        function, count = by_period.function, len(ledger.functions)
        configured = set(ledger.control.changed(LevelMetric.CONFIGURED))
        kept_ns = snapshots.kept_ms(ledger) * NS_PER_MS
        totals = (sums_by(function, getattr(by_period, name), count) for name in BILLABLE)
        usage = {}
        for i, (f, requests, extra, billed_ms, provisioned_billed_ms, _, log_bytes) in enumerate(
            zip(ledger.functions, *totals, strict=True)
        ):
            extras = {"event-size-requests": extra} if extra else {}
            if log_bytes:
                extras["log-bytes"] = log_bytes
            if f.snapstart == "paid":
                extras |= snapshots.extras(ledger, i)
            usage[f.name] = FunctionUsage(
                f.label,
                f.architecture,
                f.memory_mb,
                f.ephemeral_mb,
                requests,
                billed_ms,
                provisioned_billed_ms,
                provisioned=ledger.control.spans(i, ledger.end_ns) if i in configured else (),
                extras=extras,
                timed_ns=kept_ns if f.snapstart else 0,
                part_of=f.of if f.version else "",
            )
        return usage

    def source_usage(self) -> list[SourceUsage]:
        """What each event source used: event pollers, and what AWS's other services bill."""
        return self._events.usage()

    def busy(self) -> tuple[Busy, dict[str, Busy]]:
        """Return what concurrency the account used over the whole run, and each function by its name."""
        ledger = self._whole
        peaks = np.zeros(len(ledger.functions), np.int64)
        np.maximum.at(peaks, ledger.work_place()[1], ledger.work["function_concurrency"])
        integrals = ledger.executing.totals
        functions = {
            f.name: Busy(integral, peak)
            for f, integral, peak in zip(ledger.functions, integrals, peaks.tolist(), strict=True)
        }
        return Busy(sum(integrals), int(ledger.account["account_concurrency"].max(initial=0))), functions

    @property
    def owners(self) -> list[str]:
        """Whom something is charged to, functions and then event sources: the numbers of :meth:`uses`."""
        return [*self._versions.labels.names, *self._events.names]

    def uses(self) -> list[PeriodUse]:
        """Return what was used of everything that is billed, over time."""
        used, ledger, label = self.usage_by_period, self._ledger, self._versions.labels
        del self.usage_by_period  # large where there are many functions, and hardly asked for again
        period, function = used.place
        amounts = {
            "requests": used.requests + used.extra_requests,
            "duration": used.billed_ms,
            "provisioned-concurrency": used.provisioned_ns,
            "provisioned-duration": used.provisioned_billed_ms,
            "ephemeral-storage": used.billed_ms + used.provisioned_billed_ms,
            "log-bytes": used.log_bytes,
        }
        own, weight = function, np.ones(1, np.int64)
        if len(label.names) < len(ledger.functions):  # an update may have changed what a millisecond costs
            own = label.of[function]
            weight = np.array([f.memory_mb for f in ledger.functions])[function]
        of_functions = [
            PeriodUse(item, own, period, amount * weight) for item, amount in amounts.items() if amount.any()
        ]
        first = len(label.names)
        of_functions += [replace(use, owner=label.of[use.owner]) for use in snapshots.uses(ledger)]
        return of_functions + [replace(use, owner=use.owner + first) for use in self._events.uses()]

    @cached_property
    def usage_by_period(self) -> PeriodUsage:
        """The same by function and period, for the cost over time."""
        return period_usage(self._ledger, self._events.extra_requests())

    @cached_property
    def functions(self) -> dict[str, summary.Json]:
        """The object of each function in ``summary.json``, by name; times in ms, of no values None."""
        objects = self._objects(self._whole, self._measures, self._versions.functions)
        for name, of in self._events.asynchronous().items():
            if name in objects:  # a version's are its function's
                objects[name]["async"] = of
        of_versions: dict[str, summary.Json] = {}
        if self._versions.versioned:
            versions = by_version(self._ledger, self._versions.labels)
            of_versions = self._objects(versions, summary.Measures.of(versions), self._versions.labels)
        for name in self._versions.versioned:
            function = objects[function_of(name)]
            function.setdefault("versions", {})[qualifier_of(name)] = of_versions[name]
        for name in dict.fromkeys(alias for load in self._ledger.loads for alias in load.aliases):
            aliases = objects[function_of(name)].setdefault("aliases", {})
            aliases[qualifier_of(name)] = summary.alias(self._ledger, name)
        return objects

    def _objects(self, ledger: Ledger, measures: summary.Measures, groups: Groups) -> dict[str, summary.Json]:
        bills = summary.billed(self.usage.values(), groups.of.tolist(), len(groups.names))
        return summary.functions(ledger, measures, bills)

    @cached_property
    def _whole(self) -> Ledger:
        """The ledger of whole functions."""
        return self._ledger if self._versions.is_plain else by_function(self._ledger, self._versions.functions)

    @cached_property
    def account(self) -> summary.Json:
        """The account's object in ``summary.json``, without its cost."""
        return summary.account(self._ledger, self._measures)

    @cached_property
    def sources(self) -> dict[str, summary.Json]:
        """What the callers of each load and each source saw, and what became of a source's events, by its name."""
        return self._events.objects(summary.sources(self._ledger, self._measures))

    @cached_property
    def downstreams(self) -> dict[str, summary.Json]:
        """The object of each downstream in ``summary.json``, by name."""
        return self._downstreams.summary()

    @cached_property
    def histograms(self) -> dict[str, dict[str, Histogram]]:
        """By function (the account: ``""``): ``latency``, ``latency_warm``, ``latency_cold``, ``duration`` and
        ``init_duration``, in ns, of requests after the warm-up."""
        return self.histograms_of((*(f.name for f in self._whole.functions), ""))

    def histograms_of(self, names: Collection[str]) -> dict[str, dict[str, Histogram]]:
        """Return the histograms of some functions, or of the account (``""``), as :attr:`histograms` has them."""
        owners = enumerate((*(f.name for f in self._whole.functions), ""))
        return {name: self._measures.histograms(owner) for owner, name in owners if name in names}

    @cached_property
    def _measures(self) -> summary.Measures:
        return summary.Measures.of(self._whole)

    @cached_property
    def observations(self) -> Mapping[str, Observed]:
        """What means and rates are made of in each period: see :mod:`lambdasim.metrics.observations`."""
        return observations(self._whole)

    @cached_property
    def _counted(self) -> tuple[Series, ...]:
        """How often events happened over time, of whole functions and of the account."""
        return tuple(timeline.counted(self._whole))

    @property
    def happenings(self) -> SeriesTable:
        """The time series that tell what happened: what was counted, and all of event sources and downstreams."""
        functions = self._versions.functions.names
        kept = [*self._counted, *self._of_others(len(functions))]
        return SeriesTable(kept, functions, self._others, self._ledger.periods, self._ledger.period_ns)

    @property
    def _others(self) -> list[str]:
        """The owners of series after the account."""
        return [*self._events.names, *self._downstreams.names]

    def _of_others(self, account: int) -> Iterable[Series]:
        """Return the series of event sources and downstreams, given the account's number among the owners."""
        functions, versions = len(self._ledger.functions), self._versions
        own = [*self._events.series(), *self._downstreams.series(functions + 1 + len(self._events.names))]
        if versions.is_plain:
            return own
        firsts = np.full(functions, -1, np.int64)  # which stand for all of a function
        firsts[[int(np.flatnonzero(versions.functions.of == n)[0]) for n in range(len(versions.functions.names))]] = (
            np.arange(len(versions.functions.names))
        )
        behind = account + np.arange(len(self._others) + 1)
        return owned(own, np.concatenate((firsts, behind)), self._ledger.periods)

    def series(self, cost: tuple[Int64, Int64, Floats] | None = None) -> SeriesTable:
        """Return the time series, warm-up included; their owners are functions, then versions, the account, event
        sources and downstreams.

        ``cost``: for the metric Cost, numbers of :attr:`owners`, periods and USD in order of both; else there is none.
        Names, units and emission rules: :mod:`lambdasim.metrics.cloudwatch`.
        """
        ledger, versions = self._ledger, self._versions
        functions, periods, others = len(ledger.functions), ledger.periods, self._others
        if versions.is_plain:
            later = FunctionSeries(ledger) if len(ledger.work) >= MANY else None
            series = [*self._counted, *timeline.kept(ledger)]
            if later is None:
                series.extend(timeline.of_functions(ledger))
            if cost is not None:
                owner, period, usd = cost
                owner = owner + (owner >= functions)  # the account stands between functions and sources
                series.extend(timeline.cost(ledger, owner * periods + period, usd))
            series.extend(self._of_others(functions))
            return SeriesTable(series, [f.name for f in ledger.functions], others, periods, ledger.period_ns, later)
        account = len(versions.names)
        behind = account + np.arange(len(others) + 1)
        whole = np.concatenate((np.arange(len(versions.functions.names)), behind))
        labels = np.concatenate((np.where(versions.is_version, versions.places, -1), [-1]))
        series = list(owned(timeline.series(self._whole), whole, periods))
        if versions.versioned:
            series.extend(owned(timeline.series(by_version(ledger, versions.labels)), labels, periods))
        if cost is not None:
            owner, period, usd = cost
            place = np.concatenate((versions.places, behind[1:]))[owner] * periods + period
            series.extend(timeline.cost(replace(ledger, functions=(ledger.functions[0],) * account), place, usd))
            of_version = owner < len(versions.labels.names)
            of_version[of_version] = versions.is_version[owner[of_version]]
            function = versions.function_of_label[owner[of_version]] * periods + period[of_version]
            keys, where = np.unique(function, return_inverse=True)
            series.append(
                Series("Cost", "Sum", keys, np.bincount(where, usd[of_version], len(keys)).astype(np.float64))
            )
        series.extend(self._of_others(account))
        return SeriesTable(series, versions.names, others, periods, ledger.period_ns)

    def timeseries(self, cost: tuple[Int64, Int64, Floats] | None = None) -> "pd.DataFrame":
        """Return :meth:`series` as a table: ``time`` (seconds from the start to the period's start), ``function`` (the
        account: ``""``; also the name of an event source or a downstream), ``metric``, ``statistic`` and ``value``.
        """
        return self.series(cost).frame()
