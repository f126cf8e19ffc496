"""The beginning of a simulation: who decides in it what changes, and an engine that is compiled where it is to be."""

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from lambdasim.config.schema import ExperimentConfig
from lambdasim.control.controller import Controller
from lambdasim.control.rollout import Rollout
from lambdasim.engine import Choice, Engine, build, without_numba
from lambdasim.engine.compiled import supports
from lambdasim.errors import InputError
from lambdasim.machine_code.program import ALL, EVERY_RUN, SERIES, Program
from lambdasim.plan import Plan
from lambdasim.scenario.autoscaling import autoscalers, recovery
from lambdasim.scenario.plan import planned
from lambdasim.scenario.rollouts import alarm_watches, rollouts
from lambdasim.workload.plan import Workload

if TYPE_CHECKING:
    from lambdasim.engine.reference.policies import PolicyRun

MANY_FUNCTIONS: Final = 200
"""From so many on, time series have loops of their own, which are compiled with the others."""


def deciding(config: ExperimentConfig, plan: Plan, workload: Workload) -> tuple[list[Rollout], list[Controller]]:
    """Return the rollouts of an experiment, and all that decides during the run what changes, they among it."""
    alarms = alarm_watches(config, workload)
    shifting = rollouts(config, workload, alarms)
    scalers = autoscalers(config, workload, min(plan.loads_end_ns, plan.horizon_ns))
    return shifting, [*alarms.values(), *shifting, *scalers, *recovery(workload, plan.account.losses)]


def begun(
    choice: Choice, requested: str, plan: Plan, may_change: bool, policies: "PolicyRun | None" = None
) -> tuple[Choice, Engine]:
    """Return an engine at the beginning of a simulation, compiled if it is not there, and the choice: another one where
    Numba cannot be loaded.

    ``may_change`` says that controllers may change something. Raises :class:`InputError` when ``compiled`` is
    ``requested`` and cannot be had.
    """
    try:
        return choice, build(choice, plan, policies, may_change=may_change, besides=_besides(plan))
    except ImportError as error:  # installed, but not for this version of numpy, say
        if choice.used != "compiled":
            raise
        choice = without_numba(requested, error)
        return choice, build(choice, plan, policies)


def prepare_all(configs: Iterable[ExperimentConfig]) -> None:
    """Compile what is not there of all that the compiled engine needs for some experiments, before several processes
    do. Whatever keeps it from that, whoever runs them will tell.
    """
    from lambdasim.engine.compiled.beginning import initial
    from lambdasim.engine.compiled.plain import programs_for
    from lambdasim.machine_code.native import is_at_hand, prepare

    if all(map(is_at_hand, ALL)):
        return
    needed: dict[Program, None] = {}
    with suppress(InputError, ImportError):
        for config in configs:
            plan, workload = planned(config, config.simulation.seed)
            if supports(plan)[0]:
                may_change = bool(deciding(config, plan, workload)[1])
                needed |= dict.fromkeys((*programs_for(plan, initial(plan), may_change), *_besides(plan)))
        prepare([*needed])


def _besides(plan: Plan) -> tuple[Program, ...]:
    """Return the programs that a run of the compiled engine needs besides those of the loop."""
    return (*EVERY_RUN, SERIES) if len(plan.account.functions) >= MANY_FUNCTIONS else EVERY_RUN
