"""lambdasim: a discrete-event simulator of how AWS Lambda functions scale, throttle and cost.

The public names are below; each is loaded when it is first used, so that ``import lambdasim`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

__version__: Final = "0.1.0"

if TYPE_CHECKING:
    from lambdasim.config.schema import Account as Account
    from lambdasim.config.schema import Billing as Billing
    from lambdasim.config.schema import Client as Client
    from lambdasim.config.schema import FunctionConfig as Function
    from lambdasim.config.schema import LoadConfig as Load
    from lambdasim.config.schema import Output as Output
    from lambdasim.config.schema import Provisioned as Provisioned
    from lambdasim.config.schema import Scaling as Scaling
    from lambdasim.config.schema import Simulation as Simulation
    from lambdasim.config.schema import SourceConfig as Source
    from lambdasim.config.schema import Stage as Stage
    from lambdasim.config.schema import Trace as Trace
    from lambdasim.errors import InputError as InputError
    from lambdasim.errors import Interrupted as Interrupted
    from lambdasim.errors import LambdasimError as LambdasimError
    from lambdasim.experiment import Experiment as Experiment
    from lambdasim.experiment import load_experiment as load_experiment
    from lambdasim.result import Result as Result
    from lambdasim.simulate import Progress as Progress

_HOMES: Final = {
    "Account": ("lambdasim.config.schema", "Account"),
    "Billing": ("lambdasim.config.schema", "Billing"),
    "Client": ("lambdasim.config.schema", "Client"),
    "Experiment": ("lambdasim.experiment", "Experiment"),
    "Function": ("lambdasim.config.schema", "FunctionConfig"),
    "InputError": ("lambdasim.errors", "InputError"),
    "Interrupted": ("lambdasim.errors", "Interrupted"),
    "LambdasimError": ("lambdasim.errors", "LambdasimError"),
    "Load": ("lambdasim.config.schema", "LoadConfig"),
    "Output": ("lambdasim.config.schema", "Output"),
    "Progress": ("lambdasim.simulate", "Progress"),
    "Provisioned": ("lambdasim.config.schema", "Provisioned"),
    "Result": ("lambdasim.result", "Result"),
    "Scaling": ("lambdasim.config.schema", "Scaling"),
    "Simulation": ("lambdasim.config.schema", "Simulation"),
    "Source": ("lambdasim.config.schema", "SourceConfig"),
    "Stage": ("lambdasim.config.schema", "Stage"),
    "Trace": ("lambdasim.config.schema", "Trace"),
    "load_experiment": ("lambdasim.experiment", "load_experiment"),
}
__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lambdasim' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
