"""Rules that need two keys or two tables, AWS's among them. What is wrong is added to a list, never raised.

The tables may hold stand-ins for values that are wrong in themselves; what would follow from one is not said.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lambdasim.config import quotas
from lambdasim.config.call import shortened
from lambdasim.config.calling import handlers
from lambdasim.config.client import Client
from lambdasim.config.coldstart import profile
from lambdasim.config.downstream import Downstream
from lambdasim.config.extent import check_extent
from lambdasim.config.files import complaint, named_files
from lambdasim.config.function import FunctionConfig
from lambdasim.config.month import end_ns, loads_span_ns, monthly_paths, why_none
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path
from lambdasim.config.qualifier import function_of
from lambdasim.config.quantity import ConfigTable
from lambdasim.config.schema import TEMPLATE, Account, ExperimentConfig, Simulation
from lambdasim.config.sources import SourceTable
from lambdasim.config.sources.gateway import Gateway
from lambdasim.config.sources.invoke import Invoke
from lambdasim.config.suggest import hint
from lambdasim.config.traffic import EXECUTORS, LoadConfig, Trace
from lambdasim.config.versions import check_versions, invoked, of_version, provisioned_tables
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_MS, format_duration


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that can be pointed at, also where its own table is wrong."""

    functions: tuple[str, ...]
    sources: tuple[str, ...]
    loads: tuple[str, ...] = ()
    qualified: tuple[str, ...] = ()
    """Versions and aliases of functions, as ``checkout:live``."""
    measured: Collection[str] = field(init=False)
    """What is measured as a function is."""
    invoked: Collection[str] = field(init=False)
    """What a source or a handler can invoke."""
    targets: frozenset[str] = field(init=False)
    """What a load can go to."""

    def __post_init__(self) -> None:
        """Collect them once, as there may be thousands of functions, loads and objectives that ask."""
        object.__setattr__(self, "measured", dict.fromkeys((*self.functions, *self.qualified)))
        object.__setattr__(self, "invoked", dict.fromkeys((*_shown(self.functions), *self.qualified)))
        object.__setattr__(self, "targets", frozenset((*self.invoked, *self.sources)))


def check_function(name: str, function: FunctionConfig, problems: Problems) -> None:
    """Check the keys of one function against each other."""
    path = ("function", name)
    if function.init is None and function.runtime is None:
        remedy = 'give init = "lognormal(p50=450ms, p99=1.2s)", or runtime = "python3.13" for its usual cold start'
        problems.conclude(path, f"a cold start needs init or runtime; {remedy}", "init", "runtime")
    elif function.init is None and function.runtime is not None:
        _check_profile((*path, "runtime"), function, problems)
    if function.async_.backoff.base < NS_PER_MS:
        problems.conclude((*path, "async", "backoff"), "base must be at least 1ms, or a throttled event would not wait")
    if function.errors + function.crashes > 1:
        problems.conclude(
            (*path, "errors"), f"errors and crashes add up to {function.errors + function.crashes:g}, above 1"
        )
    reserved, total = function.reserved_concurrency, 0
    for at, provisioned in provisioned_tables(name, function):
        total += provisioned.concurrency
        if reserved is not None and total > reserved:
            problems.conclude(
                (*at, "concurrency"),
                f"{total} is above the function's reserved concurrency of {reserved}, which AWS refuses "
                "(DG:provisioned-concurrency)",
            )
    _check_files(path, function, problems)
    check_versions(name, function, problems)
    for number, version in function.version.items():
        own = of_version(function, number)
        if own.init is None and function.init is None and version.runtime is not None:
            _check_profile((*path, "version", number, "runtime"), own, problems)
        if own.errors + own.crashes > 1 and not {"errors", "crashes"}.isdisjoint(version.model_fields_set):
            message = f"with its function's, errors and crashes add up to {own.errors + own.crashes:g}, above 1"
            problems.conclude((*path, "version", number, "errors"), message)
        _check_files((*path, "version", number), version, problems)


def _check_profile(path: Path, function: FunctionConfig, problems: Problems) -> None:
    """Check that something is known of a runtime's cold starts."""
    try:
        profile(str(function.runtime), function.package, function.architecture, function.memory)
    except InputError as error:
        problems.conclude(path, error.problems[0].message)


def check_waits(
    functions: Mapping[str, FunctionConfig], names: Names, downstreams: Sequence[str], problems: Problems
) -> None:
    """Check that what functions use and call exists, and that no calls go round in a circle."""
    shown = names.invoked
    for name, table, uses, calls in handlers(functions):
        for number, use in enumerate(uses):
            if use.downstream not in downstreams:
                near = hint(use.downstream, downstreams, "there are")
                message = f"no downstream is named '{shortened(use.downstream)}'; {near}"
                problems.conclude((*table, "uses", str(number), "downstream"), message)
        for number, call in enumerate(calls):
            path = (*table, "calls", str(number))
            if call.function not in shown:
                near = hint(call.function, shown, "the functions are")
                problems.conclude((*path, "function"), f"no function is named '{shortened(call.function)}'; {near}")
            elif function_of(call.function) in functions and _calls_back(functions, function_of(call.function), name):
                problems.conclude((*path, "function"), f"'{call.function}' calls '{name}' in turn, without end")
            _check_client((*path, "client"), call.client, problems)
            remedy = "a handler waits for an answer as long as its function may run"
            _check_patient((*path, "client"), call.client, remedy, problems)
        if name == TEMPLATE and (uses or calls):
            problems.conclude(table, "functions that only a trace names can neither use nor call others")


def check_downstreams(
    downstreams: Mapping[str, Downstream], functions: Mapping[str, FunctionConfig], problems: Problems
) -> None:
    """Check that windows of slowness last, and that a limit can be kept to."""
    for _, table, uses, _ in handlers(functions):
        for number, use in enumerate(uses):
            if (
                use.connects == "init"
                and use.downstream in downstreams
                and downstreams[use.downstream].pool is not None
            ):
                path = (*table, "uses", str(number), "connects")
                problems.conclude(path, "has no effect with a pool, which each transaction borrows from; take it out")
    for name, downstream in downstreams.items():
        for number, window in enumerate(downstream.slowdowns):
            if window.until <= window.from_:
                path = ("downstream", name, "slowdowns", str(number), "until")
                problems.conclude(path, "must be after 'from'")
        own, pool = ("downstream", name), downstream.pool
        if pool is not None and pool.connections is not None and "share" in pool.model_fields_set:
            problems.conclude((*own, "pool", "share"), "has no effect beside connections; take one of them out")
        if pool is not None and pool.connections is None and downstream.max_connections is None:
            problems.conclude((*own, "pool", "connections"), "is missing: give it, or the database's max_connections")
        if pool is not None and pool.connections is None and int(pool.share * (downstream.max_connections or 1)) < 1:
            problems.conclude((*own, "pool", "share"), "leaves the pool no connection; make it larger")
        if pool is not None and (pool.connections or 0) > (downstream.max_connections or 10**9):
            message = f"{pool.connections} is above the database's max_connections, {downstream.max_connections}"
            problems.conclude((*own, "pool", "connections"), message)
        if downstream.contention and downstream.max_connections is None and pool is None:
            problems.conclude((*own, "contention"), "needs max_connections, of which it is in proportion")
        if downstream.connection_rate is not None and downstream.max_connections is None and pool is None:
            message = "needs max_connections, without which no connections are counted; give it, even a high one"
            problems.conclude((*own, "connection_rate"), message)
        if downstream.connection_rate is not None and downstream.connection_rate < 0.001:
            problems.conclude((*own, "connection_rate"), "is below 0.001/s, the lowest that can be simulated")
        if downstream.rate is not None and downstream.rate < 0.001:
            problems.conclude(("downstream", name, "rate"), "is below 0.001/s, the lowest that can be simulated")


def _calls_back(functions: Mapping[str, FunctionConfig], begin: str, back_to: str) -> bool:
    """Return whether a function calls another one, by itself or through those it calls."""
    reached, pending = {begin}, [begin]
    every: dict[str, list[str]] = {}
    for name, _, _, calls in handlers(functions):
        every.setdefault(name, []).extend(function_of(call.function) for call in calls)
    while pending:
        for called in every[pending.pop()]:
            if called in functions and called not in reached:
                reached.add(called)
                pending.append(called)
    return back_to in reached


def check_pools(functions: Mapping[str, FunctionConfig], account: Account, problems: Problems) -> None:
    """Check the sums of reserved and provisioned concurrency against the account's; the template is not counted."""
    if any(problems.is_doubtful(("account", key)) for key in ("concurrency", "unreserved_minimum")):
        return
    minimum = account.unreserved_minimum
    available = max(0, account.concurrency - minimum)
    rule = f"AWS keeps {minimum} of the account's {account.concurrency} unreserved ({quotas.UNRESERVED_MIN.page})"
    reserved = 0
    for name, function in functions.items():
        if name == TEMPLATE or not function.reserved_concurrency:
            continue
        reserved += function.reserved_concurrency
        if reserved > available:
            what = f"reserved concurrency adds up to {reserved} with this function, above {available}"
            what = what if available else "nothing can be reserved"
            problems.conclude(("function", name, "reserved_concurrency"), f"{what}: {rule}")
            return
    provisioned = 0
    for name, function in functions.items():
        if name == TEMPLATE or function.reserved_concurrency is not None:
            continue
        if problems.is_doubtful(("function", name, "reserved_concurrency")):
            continue
        for at, table in provisioned_tables(name, function):
            provisioned += table.concurrency
            if provisioned <= available - reserved:
                continue
            problems.conclude(
                (*at, "concurrency"),
                f"provisioned concurrency of functions without reserved concurrency adds up to {provisioned} with this "
                f"function, above {available - reserved} ({account.concurrency} of the account - {reserved} reserved - "
                f"{minimum} that AWS keeps unreserved: DG:provisioned-concurrency)",
            )
            return


def check_source(
    name: str, source: SourceTable, functions: Mapping[str, FunctionConfig], names: Names, problems: Problems
) -> None:
    """Check that a source's function exists and that its keys make sense beside each other and the function's."""
    path = ("source", name)
    if source.function not in names.invoked:
        word = shortened(source.function)
        near = hint(source.function, names.invoked, "the functions are")
        problems.conclude((*path, "function"), f"no function is named '{word}'; {near}")
    _check_client((*path, "client"), source.caller(), problems)
    if not isinstance(source, Gateway | Invoke):
        remedy = f"what a source of type '{source.type}' invokes is waited for"
        _check_patient((*path, "client"), source.caller(), remedy, problems)
    _check_files(path, source, problems)
    for function in invoked(functions, source.function):
        for at, message in source.complaints(function):
            problems.conclude((*path, *at), message)


def check_load(index: int, load: LoadConfig, names: Names, problems: Problems) -> None:
    """Check one load: its target, the keys its executor needs, and the sense of their values."""
    path = ("load", str(index))
    check_target(path, load.target, names, problems)
    _check_client((*path, "client"), load.client, problems)
    _check_files(path, load, problems)
    if load.trace is not None and load.executor is not None:
        problems.conclude((*path, "executor"), "a load has an executor or a trace, not both")
    elif load.per is not None and (load.trace is not None or load.executor is not None):
        problems.conclude((*path, "per"), "a load follows others, or has an executor or a trace of its own, not both")
    elif load.per is not None:
        _check_followed((*path, "per", "source"), load, names, problems)
    elif load.trace is not None:
        _check_trace((*path, "trace"), load.trace, problems)
    elif load.executor is None:
        kinds = ", ".join(EXECUTORS)
        rule = f"needs an executor, a trace, or per to follow others; the executors are: {kinds}"
        problems.conclude(path, rule, "executor", "trace", "per")
    else:
        required = EXECUTORS[load.executor].required
        missing = [key for key in required if getattr(load, key) is None]
        for key in missing:
            problems.conclude((*path, key), f"is missing; the executor '{load.executor}' needs {', '.join(required)}")
        if not missing:
            _check_shape(path, load, problems)
            check_extent(index, load, problems)
    if load.target is None and load.trace is None:
        problems.conclude((*path, "target"), "is missing; name the function or source to call")


def check_clients(loads: Sequence[LoadConfig], sources: Mapping[str, SourceTable], problems: Problems) -> None:
    """Check that impatient clients of loads have a source to be told with."""
    for index, load in enumerate(loads):
        source = sources.get(load.target or "")
        if not (isinstance(source, Gateway | Invoke) and source.takes_events):
            remedy = 'give it to a source, such as [source.api] with type = "invoke", and make that the target'
            _check_patient(("load", str(index), "client"), load.client, remedy, problems)


def check_target(path: Path, target: str | None, names: Names, problems: Problems) -> None:
    """Check that a load's target exists."""
    if target is not None and target not in names.targets:
        near = hint(target, [*names.invoked, *names.sources], "there are")
        problems.conclude((*path, "target"), f"no function or source is named '{shortened(target)}'; {near}")


def _check_followed(path: Path, load: LoadConfig, names: Names, problems: Problems) -> None:
    """Check that what a load follows exists."""
    assert load.per is not None
    others = [name for name in names.loads if name != load.name]
    known = list(dict.fromkeys((*_shown(names.functions), *names.sources, *others)))
    if load.per.source not in known:
        near = hint(load.per.source, known, "there are")
        problems.conclude(path, f"no other function, source or load is named '{shortened(load.per.source)}'; {near}")


def check_month(config: ExperimentConfig, problems: Problems) -> None:
    """Check that there is a month where an objective is on its cost; of traces that is known when they are read."""
    span_ns = loads_span_ns(config)
    why = None if span_ns is None else why_none(config, span_ns)
    for path in monthly_paths(config.slo) if why is not None else ():
        problems.add(("slo", path), str(why))


def _check_shape(path: Path, load: LoadConfig, problems: Problems) -> None:
    """Check the values of one executor against each other; the required ones are there."""
    if load.executor == "ramping-arrival-rate" and not sum(stage.duration for stage in load.stages or ()):
        problems.conclude((*path, "stages"), "needs at least one stage that lasts longer than 0s")
    if load.executor == "diurnal":
        rate, peak = load.rate or 0.0, load.peak or 0.0
        if not rate <= peak <= 2 * rate:
            problems.conclude((*path, "peak"), "must lie between rate, the mean of the day, and twice that")
        if (load.peak_at or 0) > load.period:
            problems.conclude((*path, "peak_at"), "is after the end of the period")
    if load.executor == "bursty":
        rates, sojourns = load.rates or (), load.sojourns or ()
        if len(rates) != len(sojourns):
            problems.conclude((*path, "sojourns"), f"has {len(sojourns)} elements, but rates has {len(rates)}")
        if len(rates) < 2:
            problems.conclude((*path, "rates"), "needs two or more states; for one use the executor 'poisson'")
    if load.executor == "spike" and (load.spike_at or 0) + (load.spike_duration or 0) > (load.duration or 0):
        problems.conclude((*path, "spike_duration"), "the spike ends after the load does")
    if load.executor == "constant-vus" and load.vus == 0:
        problems.conclude((*path, "vus"), "needs at least one virtual user")


def _check_trace(path: Path, trace: Trace, problems: Problems) -> None:
    if trace.until is not None and trace.until <= (trace.from_ or 0):
        problems.conclude((*path, "until"), "must be after 'from'")
    known = trace.named_columns()
    for table, timed in (("columns", known), ("units", ("time", "duration", "init"))):
        for name in getattr(trace, table) if known else ():
            if name not in timed or name not in known:
                problems.conclude(
                    (*path, table, name),
                    f"is no such column of the format '{trace.format}'; {hint(name, timed, 'these are')}",
                )
            elif table == "units" and name != "time" and trace.units[name].startswith("unix-"):
                problems.conclude(
                    (*path, table, name), "is how long something takes, and not since when; give such as 'ms'"
                )


def _check_files(path: Path, table: ConfigTable, problems: Problems) -> None:
    for at, file in named_files(table):
        if (wrong := complaint(file)) is not None:
            problems.conclude((*path, *at), wrong)


def _check_patient(path: Path, client: Client | None, remedy: str, problems: Problems) -> None:
    """Check that a client is not impatient where that would mean nothing."""
    if client is not None and client.is_impatient:
        key = "timeout" if client.timeout is not None else "retry_on"
        problems.conclude((*path, key), f"has no effect here; {remedy}")


def _check_client(path: Path, client: Client | None, problems: Problems) -> None:
    if client is None:
        return
    if client.timeout is not None and client.mode is None and client.retries is None:
        for key in ("backoff", "max_attempts", "retry_on"):
            if getattr(client, key) is not None:
                problems.conclude((*path, key), "has no effect without retries")
    elif (client.mode is None) == (client.retries is None):
        rule = 'needs either mode, an SDK\'s retry mode such as "standard", or retries with a backoff'
        problems.conclude(path, rule, "mode", "retries")
    elif client.mode is not None and client.backoff is not None:
        problems.conclude((*path, "backoff"), f"the mode '{client.mode}' brings its own; give retries instead of mode")
    elif client.retry_on is not None and client.mode is not None:
        problems.conclude((*path, "retry_on"), f"the mode '{client.mode}' brings its own; give retries instead of mode")
    elif client.retry_on is not None and not client.retries:
        problems.conclude((*path, "retry_on"), "has no effect without retries")
    elif client.retries is not None and client.max_attempts is not None:
        problems.conclude((*path, "max_attempts"), "goes with mode; retries already says how many attempts there are")
    elif client.retries and client.backoff is None:
        problems.conclude(
            (*path, "backoff"), 'is missing; for example backoff = "exponential(base=100ms, max=2s, jitter=full)"'
        )


def check_simulation(simulation: Simulation, loads: Sequence[LoadConfig], problems: Problems) -> None:
    """Check that something is left after the warm-up."""
    path = ("simulation", "warmup")
    if simulation.duration is not None:
        if simulation.warmup >= simulation.duration:
            problems.conclude(path, "must be shorter than the simulation's duration")
    elif simulation.warmup and not problems.is_doubtful(("simulation", "duration")):
        doubted = any(problems.is_doubtful(("load", str(index), key)) for index in range(len(loads)) for key in _ENDS)
        ends = [end_ns(load) for load in loads]
        latest = max((end for end in ends if end is not None), default=0)
        if None not in ends and latest and not doubted and simulation.warmup >= latest:
            problems.conclude(path, f"nothing is left of the loads, which end after {format_duration(latest)}")


_ENDS: Final = ("start_time", "duration", "stages", "executor", "trace")
"""Keys that say when a load ends."""


def _shown(functions: tuple[str, ...]) -> list[str]:
    return [name for name in functions if name != TEMPLATE]
