"""lambdasim: a discrete-event simulator of how AWS Lambda functions scale, throttle and cost.

The public names are below; each is loaded when it is first used, so that ``import lambdasim`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lambdasim.calibration.calibrate import Calibration, calibrate
    from lambdasim.config.tables import (
        Account,
        Asynchronous,
        Billing,
        Client,
        Function,
        Load,
        Output,
        Provisioned,
        Scaling,
        Simulation,
        Source,
        Stage,
        Trace,
    )
    from lambdasim.errors import InputError, Interrupted, LambdasimError
    from lambdasim.experiment import Experiment, load_experiment
    from lambdasim.pace import Progress
    from lambdasim.planning.capacity import CapacityResult
    from lambdasim.planning.compare import Comparison, compare
    from lambdasim.planning.optimize import OptimizeResult
    from lambdasim.planning.sensitivity import SensitivityResult
    from lambdasim.planning.sweep import SweepResult
    from lambdasim.report.kept import KeptAnswer, KeptComparison, KeptResult, load_result
    from lambdasim.result import Result
    from lambdasim.what_if import whatif

__version__: Final = "0.1.0"

__all__ = [
    "Account",
    "Asynchronous",
    "Billing",
    "Calibration",
    "CapacityResult",
    "Client",
    "Comparison",
    "Experiment",
    "Function",
    "InputError",
    "Interrupted",
    "KeptAnswer",
    "KeptComparison",
    "KeptResult",
    "LambdasimError",
    "Load",
    "OptimizeResult",
    "Output",
    "Progress",
    "Provisioned",
    "Result",
    "Scaling",
    "SensitivityResult",
    "Simulation",
    "Source",
    "Stage",
    "SweepResult",
    "Trace",
    "__version__",
    "calibrate",
    "compare",
    "load_experiment",
    "load_result",
    "whatif",
]

_TABLES: Final = "lambdasim.config.tables"
_ERRORS: Final = "lambdasim.errors"
_HOMES: Final = {
    "Account": (_TABLES, "Account"),
    "Asynchronous": (_TABLES, "Asynchronous"),
    "Billing": (_TABLES, "Billing"),
    "Calibration": ("lambdasim.calibration.calibrate", "Calibration"),
    "CapacityResult": ("lambdasim.planning.capacity", "CapacityResult"),
    "Client": (_TABLES, "Client"),
    "Comparison": ("lambdasim.planning.compare", "Comparison"),
    "Experiment": ("lambdasim.experiment", "Experiment"),
    "Function": (_TABLES, "Function"),
    "InputError": (_ERRORS, "InputError"),
    "Interrupted": (_ERRORS, "Interrupted"),
    "KeptAnswer": ("lambdasim.report.kept", "KeptAnswer"),
    "KeptComparison": ("lambdasim.report.kept", "KeptComparison"),
    "KeptResult": ("lambdasim.report.kept", "KeptResult"),
    "LambdasimError": (_ERRORS, "LambdasimError"),
    "Load": (_TABLES, "Load"),
    "OptimizeResult": ("lambdasim.planning.optimize", "OptimizeResult"),
    "Output": (_TABLES, "Output"),
    "Progress": ("lambdasim.pace", "Progress"),
    "Provisioned": (_TABLES, "Provisioned"),
    "Result": ("lambdasim.result", "Result"),
    "Scaling": (_TABLES, "Scaling"),
    "SensitivityResult": ("lambdasim.planning.sensitivity", "SensitivityResult"),
    "Simulation": (_TABLES, "Simulation"),
    "Source": (_TABLES, "Source"),
    "Stage": (_TABLES, "Stage"),
    "SweepResult": ("lambdasim.planning.sweep", "SweepResult"),
    "Trace": (_TABLES, "Trace"),
    "calibrate": ("lambdasim.calibration.calibrate", "calibrate"),
    "compare": ("lambdasim.planning.compare", "compare"),
    "load_experiment": ("lambdasim.experiment", "load_experiment"),
    "load_result": ("lambdasim.report.kept", "load_result"),
    "whatif": ("lambdasim.what_if", "whatif"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lambdasim' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
