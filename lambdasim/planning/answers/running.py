"""The answer to a run's question: what is asked for, worked out on the run and on changes to it.

Knows which kind of answer is worked out by whom, and nothing of what they say.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final

from lambdasim.config.answer import COMMANDS
from lambdasim.config.load import LoadedExperiment, with_values
from lambdasim.errors import Interrupted
from lambdasim.pace import Progress
from lambdasim.planning.answers.bill import bill
from lambdasim.planning.answers.break_even import break_even
from lambdasim.planning.answers.case import Answered, Case, Changes
from lambdasim.planning.answers.changing import what_to_change
from lambdasim.planning.answers.cold_starts import cold_starts
from lambdasim.planning.answers.deploy import deploy
from lambdasim.planning.answers.events import age, connections, dead_letters
from lambdasim.planning.answers.neighbour import neighbour
from lambdasim.planning.answers.reason import reason
from lambdasim.planning.points import PointProgress, Points
from lambdasim.planning.store import Measurements
from lambdasim.result import Result

RUN: Final[dict[str, Callable[[Case], Answered]]] = {
    "reason": reason,
    "neighbour": neighbour,
    "cold-starts": cold_starts,
    "break-even": break_even,
    "dead-letters": dead_letters,
    "age": age,
    "connections": connections,
    "bill": bill,
    "deploy": deploy,
}


def answered(
    experiment: LoadedExperiment,
    result: Result,
    executor: Executor | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Return ``result`` with the answer that its experiment asks for and with what to change, if it asks for one.

    When ``progress`` raises :class:`Interrupted`, so does this, with the result as it was as ``partial``.
    """
    asked = experiment.config.answer
    if asked is None or "run" not in COMMANDS[asked.asks] or not result.complete:
        return result

    def shown(points: PointProgress) -> None:
        if progress is not None:
            simulated_s = result.summary["simulated_s"]
            progress(Progress(points.fraction, simulated_s, result.requests_simulated, 0.0, points.eta_s))

    if result.engine.used == "simpy":  # what was too little for the other engine is so still
        experiment = with_values(experiment, {"simulation.engine": "simpy"})
    points = Points(experiment, executor=executor, on_progress=shown)
    runs = len(result.seeds)

    def simulate(changes: Sequence[Changes]) -> list[list[Measurements]]:
        return points.measure(list(changes), runs)

    case = Case(experiment, result.replications, simulate, result.summary)
    try:
        answer = RUN[asked.asks](case)
        alternatives = what_to_change(case)
    except Interrupted:
        raise Interrupted("interrupted", partial=result) from None
    return result.with_answer(answer.document, str(answer.sentence), alternatives)
