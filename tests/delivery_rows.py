"""Deliveries and samples for the tests of source metrics: written by hand or drawn, and their metrics by brute force.

The brute force looks at one row and one nanosecond at a time and at nothing of ``lambdasim.metrics.sources``.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from hypothesis import strategies as st

from lambdasim.metrics.metered import MeteredSource
from lambdasim.model.events import DeliveryOutcome, Destination, Fate
from lambdasim.records import DELIVERY_COLUMNS, SAMPLE_COLUMNS, RecordTable, SourceMetric

Row = dict[str, int]

TYPES = ("sqs", "s3", "kinesis", "kafka", "apigateway-http", "mq", "alb", "function-url", "map")
LEVELS = (SourceMetric.POLLERS, SourceMetric.OFFSET_LAG)
NS_PER_MS = 1_000_000


def delivery(event: int, sent: int, available: int, delivered: int, ended: int, **columns: int) -> Row:
    """One delivery, successful and the event's last unless ``columns`` say otherwise."""
    row = dict.fromkeys(DELIVERY_COLUMNS, 0)
    row.update(event=event, partition=-1, sent_ns=sent, available_ns=available, delivered_ns=delivered, ended_ns=ended)
    row.update(outcome=DeliveryOutcome.SUCCEEDED, fate=Fate.DONE, batch=event)
    row.update(columns)
    return row


def table(rows: Iterable[Row]) -> RecordTable:
    """Rows as a table of deliveries."""
    cells = [[row[column] for column in DELIVERY_COLUMNS] for row in rows]
    return RecordTable(DELIVERY_COLUMNS, np.array(cells, np.int64).reshape(-1, len(DELIVERY_COLUMNS)))


def samples(rows: Iterable[tuple[int, int, int, int]]) -> RecordTable:
    """Rows (source, metric, time, value) as a table of samples."""
    return RecordTable(SAMPLE_COLUMNS, np.array(list(rows), np.int64).reshape(-1, len(SAMPLE_COLUMNS)))


class Case:
    """Sources, and the records of a run that ended at ``end_ns``."""

    def __init__(self, sources: Sequence[MeteredSource], end_ns: int) -> None:
        self.sources, self.end_ns = list(sources), end_ns
        self.rows: list[Row] = []
        self.samples: list[tuple[int, int, int, int]] = []

    def chunks(self, cuts: Sequence[int]) -> list[tuple[RecordTable, RecordTable]]:
        """The records, cut where it says: deliveries in order of their ends, the unended last."""
        rows = sorted(self.rows, key=lambda row: (row["ended_ns"] < 0, row["ended_ns"]))
        taken = sorted(self.samples, key=lambda row: row[2])
        parts = []
        for low, high in zip([0, *cuts], [*cuts, max(len(rows), len(taken))], strict=True):
            parts.append((table(rows[low:high]), samples(taken[low:high])))
        return parts


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A few sources of any type, with events of every fate and samples of every kind."""
    short = st.integers(0, 9)
    count = draw(st.integers(1, 3))
    flags = st.booleans()
    sources = [
        MeteredSource(
            f"source-{i}",
            draw(st.sampled_from(TYPES)),
            function=draw(st.integers(0, 1)),
            dead_letter=draw(flags),
            on_failure=draw(flags),
            pays_for_pollers=draw(flags),
        )
        for i in range(count)
    ]
    case = Case(sources, end_ns=draw(st.integers(1, 60)))
    for event in range(draw(st.integers(0, 12))):
        _event(draw, case, draw(st.integers(0, count - 1)), event, draw(st.integers(0, case.end_ns)), short)
    for source in range(count):
        for metric in (*LEVELS, SourceMetric.ITERATOR_AGE, SourceMetric.EMPTY_RECEIVES, SourceMetric.EXECUTION_TIME):
            times = sorted(draw(st.lists(st.integers(0, case.end_ns), max_size=4)))
            case.samples += [(source, metric, time, draw(short)) for time in times]
    return case


def _event(draw: st.DrawFn, case: Case, source: int, event: int, sent: int, short: st.SearchStrategy[int]) -> None:
    now, attempt, end = sent, 0, case.end_ns

    def write(available: int, delivered: int, ended: int, outcome: int, fate: int, **columns: int) -> None:
        columns |= {"source": source, "attempt": attempt, "outcome": outcome, "fate": fate}
        case.rows.append(delivery(event, sent, available, delivered, ended, **columns))

    while True:
        available = now + draw(short)
        delivered = available + draw(short)
        ended = delivered + draw(short)
        gone = draw(st.sampled_from(Destination))
        fate = draw(st.sampled_from([f for f in Fate if f not in (Fate.REMAINS, Fate.STAYS)]))
        if draw(st.integers(0, 9)) == 0 and delivered <= end:  # it leaves without a delivery
            gone = Destination.NONE if fate in (Fate.DONE, Fate.FILTERED) else gone
            write(available, -1, delivered, DeliveryOutcome.REFUSED, fate, destination=gone, batch=-1)
        elif delivered > end:
            write(available, -1, -1, DeliveryOutcome.WAITING, Fate.REMAINS, batch=-1)
        elif ended > end:
            write(available, delivered, -1, DeliveryOutcome.IN_FLIGHT, Fate.REMAINS)
        else:
            outcome = draw(
                st.sampled_from(
                    [
                        DeliveryOutcome.SUCCEEDED,
                        DeliveryOutcome.FAILED,
                        DeliveryOutcome.THROTTLED,
                        DeliveryOutcome.TIMED_OUT,
                    ]
                )
            )
            answer = draw(st.sampled_from([0, 200, 429, 502]))
            batch = -1 if outcome == DeliveryOutcome.THROTTLED else event
            stays = outcome != DeliveryOutcome.SUCCEEDED and attempt < 3 and draw(st.booleans())
            if outcome == DeliveryOutcome.SUCCEEDED:
                fate, gone = Fate.DONE, Destination.NONE
            elif fate in (Fate.DONE, Fate.FILTERED):
                fate = Fate.EXHAUSTED
            if stays:
                write(available, delivered, ended, outcome, Fate.STAYS, answer=answer, batch=batch)
                now, attempt = ended, attempt + 1
                continue
            write(available, delivered, ended, outcome, fate, answer=answer, batch=batch, destination=gone)
        return


class BruteForce:
    """Series by ``(owner, period, metric, statistic)``, owner the name of a source or the index of a function."""

    def __init__(self, case: Case, period_ns: int) -> None:
        self.case, self.period_ns = case, period_ns
        self.values: dict[tuple[object, int, str, str], float] = {}
        self.rows = [dict(row) for row in case.rows]
        for row in self.rows:
            row["left_ns"] = case.end_ns if row["ended_ns"] < 0 else row["ended_ns"]
        for index, source in enumerate(case.sources):
            rows = [row for row in self.rows if row["source"] == index]
            if source.type == "s3":
                self._asynchronous(source, rows)
            self._events(source, rows)
            self._levels(source, rows)
            self._answers(source, rows)
            self._sampled(source, index)
        self._ages()

    def _put(self, owner: object, period: int, metric: str, statistic: str, value: float) -> None:
        self.values[owner, period, metric, statistic] = value

    def _count(self, owner: object, metric: str, times: Iterable[int]) -> None:
        for time in times:
            key = owner, time // self.period_ns, metric, "Sum"
            self.values[key] = self.values.get(key, 0) + 1

    def _asynchronous(self, source: MeteredSource, rows: list[Row]) -> None:
        given_up = [r for r in rows if r["fate"] in (Fate.EXHAUSTED, Fate.AGED_OUT)]
        failed = [r["left_ns"] for r in rows if r["destination"] == Destination.FAILED]
        self._count(source.function, "AsyncEventsReceived", (r["sent_ns"] for r in rows if r["attempt"] == 0))
        self._count(source.function, "AsyncEventsDropped", (r["left_ns"] for r in given_up))
        self._count(source.function, "DeadLetterErrors", failed if source.dead_letter else ())
        self._count(source.function, "DestinationDeliveryFailures", failed if source.on_failure else ())

    def _ages(self) -> None:
        ages: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row in self.rows:
            source = self.case.sources[row["source"]]
            if source.type == "s3" and row["delivered_ns"] >= 0:
                ages[source.function, row["delivered_ns"] // self.period_ns].append(
                    row["delivered_ns"] - row["sent_ns"]
                )
        for (function, period), values in ages.items():
            self._put(function, period, "AsyncEventAge", "Average", sum(values) / len(values) / NS_PER_MS)
            self._put(function, period, "AsyncEventAge", "Maximum", max(values) / NS_PER_MS)

    def _events(self, source: MeteredSource, rows: list[Row]) -> None:
        name = source.name
        looping = (r["left_ns"] for r in rows if r["fate"] == Fate.FILTERED)
        self._count(source.function, "RecursiveInvocationsDropped", looping)
        delivered = [r for r in rows if r["delivered_ns"] >= 0]
        if source.type == "sqs":
            done = [r["left_ns"] for r in rows if r["fate"] == Fate.DONE]
            self._count(name, "NumberOfMessagesSent", (r["sent_ns"] for r in rows if r["attempt"] == 0))
            self._count(name, "NumberOfMessagesReceived", (r["delivered_ns"] for r in delivered))
            self._count(name, "PolledEventCount", (r["delivered_ns"] for r in delivered))
            self._count(name, "NumberOfMessagesDeleted", done)
            self._count(name, "DeletedEventCount", done)
        if source.type in ("kinesis", "kafka", "mq"):
            self._count(name, "PolledEventCount", (r["delivered_ns"] for r in delivered if r["attempt"] == 0))
        if source.type in ("kinesis", "kafka"):
            given_up = [r for r in rows if r["fate"] in (Fate.EXHAUSTED, Fate.AGED_OUT)]
            sent_on = [r["left_ns"] for r in rows if r["destination"] == Destination.DELIVERED]
            self._count(name, "DroppedEventCount", (r["left_ns"] for r in given_up))
            self._count(name, "OnFailureDestinationDeliveredEventCount", sent_on)
        if source.type in ("sqs", "kinesis", "kafka", "mq"):
            failed = (DeliveryOutcome.FAILED, DeliveryOutcome.THROTTLED, DeliveryOutcome.TIMED_OUT)
            self._count(name, "InvokedEventCount", (r["left_ns"] for r in rows if r["batch"] >= 0))
            self._count(name, "FailedInvokeEventCount", (r["left_ns"] for r in rows if r["outcome"] in failed))

    def intervals(self, rows: list[Row]) -> dict[str, list[tuple[int, int]]]:
        """Where the events were, from when until when."""
        return {
            "present": [(r["sent_ns"], r["left_ns"]) for r in rows if r["fate"] != Fate.STAYS],
            "delayed": [(r["sent_ns"], min(r["available_ns"], r["left_ns"])) for r in rows if r["attempt"] == 0],
            "backlog": [
                (r["available_ns"], r["delivered_ns"] if r["delivered_ns"] >= 0 else r["left_ns"]) for r in rows
            ],
            "processing": [(r["delivered_ns"], r["left_ns"]) for r in rows if r["delivered_ns"] >= 0],
        }

    def level(self, intervals: list[tuple[int, int]]) -> list[int]:
        """The level at each ns of the run."""
        return [sum(low <= time < high for low, high in intervals) for time in range(self.case.end_ns)]

    def _levels(self, source: MeteredSource, rows: list[Row]) -> None:
        levels = {where: self.level(intervals) for where, intervals in self.intervals(rows).items()}
        together = list(zip(*(levels[k] for k in ("present", "backlog", "delayed", "processing")), strict=True))
        if source.type == "sqs":
            shown = {
                "ApproximateNumberOfMessagesVisible": levels["backlog"],
                "ApproximateNumberOfMessagesNotVisible": [p - b - d for p, b, d, _ in together],
                "ApproximateNumberOfMessagesDelayed": levels["delayed"],
            }
            self._oldest(source, rows)
        elif source.type == "s3":
            shown = {"EventsWaiting": [p - processed for p, _, _, processed in together]}
        elif source.type in ("apigateway-http", "alb", "function-url", "map"):
            shown = {}
        else:
            shown = {"EventsWaiting": levels["backlog"]}
        for metric, level in shown.items():
            for period in range(self.case.end_ns // self.period_ns + 1):
                within = level[period * self.period_ns : (period + 1) * self.period_ns]
                if within:
                    self._put(source.name, period, metric, "Maximum", max(within))
                    self._put(source.name, period, metric, "Average", sum(within) / len(within))

    def _oldest(self, source: MeteredSource, rows: list[Row]) -> None:
        """At each instant up to the end of a period an event that is in the queue is as old as it is."""
        events = [(r["sent_ns"], r["left_ns"]) for r in rows if r["fate"] != Fate.STAYS]
        for period in range(self.case.end_ns // self.period_ns + 1):
            begin, until = period * self.period_ns, min((period + 1) * self.period_ns, self.case.end_ns)
            ages = [left - sent for sent, left in events if begin <= left < begin + self.period_ns]
            ages += [until - sent for sent, left in events if sent < until and left >= begin + self.period_ns]
            if ages:
                self._put(source.name, period, "ApproximateAgeOfOldestMessage", "Maximum", max(ages) / 1e9)

    def _answers(self, source: MeteredSource, rows: list[Row]) -> None:
        names = {
            "apigateway-http": ("Count", "4XXError", "5XXError", "Latency", 1e6),
            "alb": ("RequestCount", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count", "TargetResponseTime", 1e9),
            "function-url": ("UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency", 1e6),
        }.get(source.type)
        if names is None:
            return
        answered: dict[int, list[int]] = defaultdict(list)
        times: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            period = row["left_ns"] // self.period_ns
            if row["answer"]:
                answered[period].append(row["answer"])
            if row["fate"] in (Fate.DONE, Fate.EXHAUSTED, Fate.AGED_OUT):
                times[period].append(row["left_ns"] - row["sent_ns"])
        for period, answers in answered.items():
            for metric, low, high in ((names[0], 0, 999), (names[1], 400, 499), (names[2], 500, 599)):
                self._put(source.name, period, metric, "Sum", sum(low <= answer <= high for answer in answers))
        for period, values in times.items():
            ordered = sorted(values)
            self._put(source.name, period, names[3], "Average", sum(values) / len(values) / names[4])
            self._put(source.name, period, names[3], "Minimum", ordered[0] / names[4])
            self._put(source.name, period, names[3], "Maximum", ordered[-1] / names[4])
            for percent in (50, 90, 95, 99):
                rank = -(-percent * len(ordered) // 100)
                self._put(source.name, period, names[3], f"p{percent}", ordered[rank - 1] / names[4])

    def sampled_level(self, index: int, metric: int) -> list[int] | None:
        """A sampled level at each ns of the run, or None without samples."""
        own = [(time, value) for source, m, time, value in self.ordered() if (source, m) == (index, metric)]
        if not own:
            return None
        return [([0] + [v for at, v in own if at <= time])[-1] for time in range(self.case.end_ns)]

    def ordered(self) -> list[tuple[int, int, int, int]]:
        """The samples in order of time."""
        return sorted(self.case.samples, key=lambda row: row[2])

    def _sampled(self, source: MeteredSource, index: int) -> None:
        own = [row for row in self.ordered() if row[0] == index]
        for metric, name in (
            (SourceMetric.ITERATOR_AGE, "IteratorAge"),
            (SourceMetric.EXECUTION_TIME, "ExecutionTime"),
        ):
            times: dict[int, list[int]] = defaultdict(list)
            for _, m, time, value in own:
                if m == metric:
                    times[time // self.period_ns].append(value)
            for period, values in times.items():
                self._put(source.name, period, name, "Average", sum(values) / len(values) / NS_PER_MS)
                self._put(source.name, period, name, "Maximum", max(values) / NS_PER_MS)
        if source.type == "sqs":
            for _, m, time, value in own:
                key = source.name, time // self.period_ns, "NumberOfEmptyReceives", "Sum"
                if m == SourceMetric.EMPTY_RECEIVES and value:
                    self.values[key] = self.values.get(key, 0) + value
        for metric, names in (
            (SourceMetric.POLLERS, ["Pollers", *(["ProvisionedPollers"] if source.pays_for_pollers else [])]),
            (SourceMetric.OFFSET_LAG, ["OffsetLag", "SumOffsetLag"]),
        ):
            allowed = ("sqs", "kinesis", "kafka", "mq") if metric == SourceMetric.POLLERS else ("kafka",)
            level = self.sampled_level(index, metric)
            if level is None or source.type not in allowed:
                continue
            first = min(time for _, m, time, _ in own if m == metric) // self.period_ns
            for period in range(first, self.case.end_ns // self.period_ns + 1):
                begin = period * self.period_ns
                within = level[begin : begin + self.period_ns]
                taken = [v for _, m, time, v in own if m == metric and time // self.period_ns == period]
                before = [v for _, m, time, v in own if m == metric and time < begin][-1:]
                for name in names:
                    self._put(source.name, period, name, "Maximum", max([*taken, *before, 0]))
                if within and metric == SourceMetric.POLLERS:
                    self._put(source.name, period, "Pollers", "Average", sum(within) / len(within))
