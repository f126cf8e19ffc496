"""Python values of an experiment as the plain values that a TOML file would hold."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from numbers import Integral, Real
from typing import Any

from pydantic.fields import FieldInfo

from lambdasim.config.distribution import Distribution
from lambdasim.config.idle import IdlePolicy
from lambdasim.config.quantity import PLAIN, Backoff, ConfigTable, Quantity, quantity_of
from lambdasim.config.replications import Until
from lambdasim.config.slo import SloExpression
from lambdasim.errors import InputError


def plain_tree(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a tree in plain TOML values, without what is None; raises ``InputError``."""
    return {_key(key): plain_value(value) for key, value in tree.items() if value is not None}


def plain_value(value: Any) -> Any:
    """Return one value as a TOML file would hold it; of a model only what was set. Raises ``InputError``."""
    match value:
        case str() | bool() | date() | time():
            return value
        case ConfigTable():
            fields = (
                (name, field) for name, field in type(value).model_fields.items() if name in value.model_fields_set
            )
            pairs = ((field.alias or name, plain_field(getattr(value, name), field)) for name, field in fields)
            return {key: item for key, item in pairs if item is not None}
        case Distribution() | IdlePolicy() | Until():
            return value.to_raw()
        case Backoff() | SloExpression():
            return value.text
        case Integral():
            return int(value)
        case Real():
            return float(value)
        case Mapping():
            return plain_tree(value)
        case Sequence():
            return [plain_value(item) for item in value]
    raise InputError.single(f"an experiment cannot hold a {type(value).__name__}")


def plain_field(value: Any, field: FieldInfo) -> Any:
    """Return the value of a model's field as a TOML file would hold it: quantities as texts with their units."""
    return plain_quantity(value, quantity_of(field.annotation, field.metadata))


def plain_quantity(value: Any, mark: Quantity | None) -> Any:
    """Return a value, a mapping or a tuple of values, of the quantity that ``mark`` reads and writes, if it is one."""
    if value is None:
        return None
    if mark is None:
        return plain_value(value)
    if type(value) in PLAIN:
        return mark.write(value)
    if isinstance(value, Mapping):
        return {key: plain_value(mark.write(item)) for key, item in value.items()}
    return [mark.write(item) for item in value] if isinstance(value, tuple) else mark.write(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise InputError.single(f"{key!r} is not a key: keys are texts")
    return key
