"""A limit on a caller's asynchronous calls, metered as Lambda accepts them: the same in both engines."""

import pytest

import lambdasim as ls


def sources(engine: str, **keys: object) -> dict[str, object]:
    """Run 20 calls a second, 50 ms apart, for 3 s; return what became of them."""
    experiment = ls.Experiment(
        functions={"f": {"duration": "constant(10ms)", "init": "constant(0s)"}},
        sources={"s": {"type": "async-invoke", "function": "f", "latency": "constant(0s)", **keys}},
        loads=[
            {
                "target": "s",
                "executor": "constant-arrival-rate",
                "process": "deterministic",
                "rate": "20/s",
                "duration": "3s",
            }
        ],
        simulation={"engine": engine},
    )
    return experiment.run().summary["sources"]["s"]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize(("limit", "taken"), [(None, 60), ("20/s", 60), ("19/s", 57), ("7/s", 21), ("1/min", 3)])
def test_so_many_are_taken_in_each_second(engine: str, limit: str | None, taken: int) -> None:
    if engine == "compiled":
        pytest.importorskip("numba")
    found = sources(engine, **({"rate_limit": limit} if limit else {}))
    assert found["processed"] == taken
    assert found["throttled"] == found["dropped"] == 60 - taken


def test_sources_of_aws_are_not_metered() -> None:
    with pytest.raises(ls.InputError, match="rate_limit: has no effect on AWS's own sources"):
        sources("simpy", type="s3", rate_limit="7/s")
