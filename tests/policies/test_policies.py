"""Policies of one's own: what they decide is what happens, and one that fails ends the run with its name."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

import lambdasim as ls
from lambdasim.cli.app import main
from lambdasim.policies import Draw, EnvironmentSeen, FunctionSeen, Policies

FUNCTION = {"duration": "exponential(mean=300ms)", "init": "exponential(mean=500ms)", "max_lifetime": "none"}
SECOND = 10**9


def experiment(**changes: Any) -> ls.Experiment:
    exp = ls.Experiment(
        functions={"a": FUNCTION | {"idle_timeout": "constant(20s)"}, "b": FUNCTION | {"memory": "512 MB"}},
        loads=[
            {"name": name, "target": name, "executor": "poisson", "rate": rate, "duration": "10min"}
            for name, rate in (("a", "6/min"), ("b", "2/s"))
        ],
        simulation={"seed": 3},
    )
    return exp.with_(changes) if changes else exp


def numbers(result: ls.Result) -> dict[str, Any]:
    return {key: result.summary[key] for key in ("account", "functions", "sources", "cost")}


class Constant:
    def __init__(self, ns: Any) -> None:
        self.ns = ns

    def idle_timeout(self, state: FunctionSeen, draw: Draw) -> Any:
        return self.ns


class Latest:
    def reuse(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], draw: Draw) -> int:
        return max(idle, key=lambda one: one.idle_since_ns).number


class Everybody:
    def admit(self, state: FunctionSeen, draw: Draw) -> bool:
        return True


class Half:
    def admit(self, state: FunctionSeen, draw: Draw) -> bool:
        return state.function != "b" or draw.uniform() < 0.5


class Every:
    """Requests a fixed time apart."""

    def __init__(self, step_ns: Any) -> None:
        self.step_ns = step_ns

    def arrivals(self, start_ns: int, end_ns: int, draw: Draw) -> Iterable[int]:
        return range(start_ns, end_ns, self.step_ns)


class Nobody:
    def evict(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], alive_mb: int, draw: Draw) -> Iterable[int]:
        return []


class AllButOne:
    def evict(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], alive_mb: int, draw: Draw) -> Iterable[int]:
        return [one.number for one in idle][:-1]


def test_a_policy_that_says_what_lambda_does_changes_nothing() -> None:
    exp = experiment(**{"function.b.idle_timeout": "constant(20s)"})
    policies = {
        "idle_timeout": Constant(20 * SECOND),
        "reuse": Latest(),
        "admission": Everybody(),
        "eviction": Nobody(),
    }
    assert numbers(exp.with_policies(**policies).run()) == numbers(exp.run(engine="simpy"))


def test_an_idle_timeout_is_how_long_environments_live() -> None:
    exp = experiment(**{"output.requests": "all"}).with_policies(idle_timeout=Constant(5 * SECOND))
    rows = exp.run().requests
    assert rows is not None
    own = rows[rows["function"] == "a"].sort_values("arrival_ns")
    ends = own["arrival_ns"] + ((own["latency_ms"]) * 1e6).astype(int)
    for environment, calls in own.groupby("environment"):
        gaps = calls["arrival_ns"].iloc[1:].to_numpy() - ends[calls.index].iloc[:-1].to_numpy()
        assert (gaps <= 5 * SECOND + 1).all(), environment


def test_a_policy_of_admission_throttles() -> None:
    result = experiment().with_policies(admission=Half()).run()
    of = result.summary["functions"]
    assert of["a"]["throttles"] == 0
    assert of["b"]["throttle_rate"] == pytest.approx(0.5, abs=0.05)  # four standard errors of 1,200 draws
    assert of["b"]["throttles_by_reason"]["FunctionInvocationRateLimitExceeded"] == of["b"]["throttles"]


def test_what_is_evicted_is_gone() -> None:
    result = experiment().with_policies(eviction=AllButOne()).run()
    kept = experiment().run(engine="simpy")
    assert result.summary["account"]["environments"]["mean"] < kept.summary["account"]["environments"]["mean"]
    assert result.summary["functions"]["b"]["cold_starts"] > kept.summary["functions"]["b"]["cold_starts"]


def test_arrivals_are_the_policys_in_both_engines() -> None:
    exp = experiment().with_policies(arrivals={"b": Every(SECOND // 4)})
    simpy, compiled = exp.run(engine="simpy"), exp.run(engine="compiled")
    assert numbers(simpy) == numbers(compiled)
    assert simpy.summary["functions"]["b"]["requests"] == 4 * 600
    plain = experiment().run(engine="simpy").summary["functions"]["a"]
    assert simpy.summary["functions"]["a"]["requests"] == plain["requests"]


class Once:
    """A controller that remembers whether it has acted."""

    first_ns = SECOND

    def __init__(self) -> None:
        self.acted = False

    def act(self, seen: Any, actions: Any) -> int:
        assert not self.acted
        self.acted = True
        actions.provision(actions.index("b"), 3)
        return 2**62


def test_a_controller_acts_in_both_engines_and_is_made_anew_for_each_run() -> None:
    exp = experiment().with_policies(controller=Once)
    simpy, compiled = exp.run(engine="simpy"), exp.run(engine="compiled", replications=2)
    assert simpy.replications[0] == compiled.replications[0]
    assert simpy.summary["functions"]["b"]["provisioned"]["invocations"] > 0
    assert simpy.summary["policies"] == {"controller": "Once"}


def test_the_compiled_engine_names_what_it_cannot_ask() -> None:
    exp = experiment().with_policies(idle_timeout=Constant(0))
    with pytest.raises(ls.InputError, match="the policy of idle_timeout Constant is Python's own"):
        exp.run(engine="compiled")
    result = exp.run()
    assert result.summary["engine"]["used"] == "simpy"
    assert "idle_timeout Constant" in result.summary["engine"]["reason"]
    assert result.summary["policies"] == {"idle_timeout": "Constant"}


def test_draws_are_keyed() -> None:
    exp = experiment().with_policies(admission=Half())
    assert numbers(exp.run()) == numbers(exp.run())
    assert numbers(exp.run(seed=1)) != numbers(exp.run(seed=2))
    some = [Draw(7, n).uniform() for n in range(1_000)]
    assert all(0 <= one < 1 for one in some)
    assert sum(some) / 1_000 == pytest.approx(0.5, abs=4 / 12**0.5 / 1_000**0.5)
    assert Draw(7, 1).uniform("a") != Draw(7, 1).uniform("b")


class Broken:
    def idle_timeout(self, state: FunctionSeen, draw: Draw) -> int:
        raise ZeroDivisionError("no gaps")

    def reuse(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], draw: Draw) -> int:
        return -1

    def evict(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], alive_mb: int, draw: Draw) -> Iterable[int]:
        yield 10**9

    def admit(self, state: FunctionSeen, draw: Draw) -> Any:
        return "yes"

    def arrivals(self, start_ns: int, end_ns: int, draw: Draw) -> Iterable[Any]:
        yield from (start_ns + 5, start_ns + 4)


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ({"idle_timeout": Broken()}, r"the policy Broken \(idle_timeout\) failed for function '[ab]' at .* s: "
         "ZeroDivisionError: no gaps"),
        ({"idle_timeout": Constant(-1)}, r"Constant \(idle_timeout\) returned -1 for function .*whole number of ns"),
        ({"idle_timeout": Constant(1.5)}, r"Constant \(idle_timeout\) returned 1.5"),
        ({"idle_timeout": Constant(None)}, r"Constant \(idle_timeout\) returned None"),
        ({"reuse": Broken()}, r"Broken \(reuse\) returned -1 .*the number of an idle environment"),
        ({"eviction": Broken()}, r"Broken \(eviction\) returned 1000000000 .*the number of an idle environment"),
        ({"admission": Broken()}, r"Broken \(admission\) returned 'yes' .*True or False"),
        ({"arrivals": {"b": Broken()}}, r"Broken \(arrivals\) returned 4 for load 'b'.*none before the last"),
        ({"arrivals": Every(5)}, r"arrivals: is a table of policies by the names of loads"),
        ({"arrivals": {"c": Every(5)}}, r"no load with an executor is named 'c'"),
        ({"controller": lambda: 1 / 0}, r"\(controller\) failed before the run: ZeroDivisionError"),
        ({"controller": lambda: 3}, r"has no first_ns and no method act"),
    ],
)  # fmt: skip
def test_a_policy_that_fails_ends_the_run_with_its_name(policies: dict[str, Any], message: str) -> None:
    with pytest.raises(ls.InputError, match=message) as caught:
        experiment().with_policies(**policies).run(engine="simpy")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("kind", ["idle_timeout", "reuse", "eviction", "admission"])
def test_what_is_no_policy_is_refused(kind: str) -> None:
    with pytest.raises(ls.InputError, match="object has no method"):
        experiment().with_policies(**{kind: object()})
    assert Policies().names == ()


def test_searches_say_that_they_know_no_policies() -> None:
    exp = experiment().with_policies(idle_timeout=Constant(0))
    for search in (lambda: exp.sweep({"function.a.memory": ["128 MB"]}), exp.capacity, exp.sensitivity):
        with pytest.raises(ls.InputError, match="knows no policies"):
            search()
    assert main(["--version"]) == 0
