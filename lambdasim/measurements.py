"""What a summary says of one simulation: all that differs between replications."""

from collections.abc import Collection, Mapping
from typing import Any

from lambdasim.config.month import why_none
from lambdasim.config.notes import proxies
from lambdasim.config.qualifier import qualified
from lambdasim.config.repeated import repeated_notes
from lambdasim.config.schema import ExperimentConfig
from lambdasim.cost import Amounts, together
from lambdasim.simulate import RunOutcome
from lambdasim.units import format_duration


def measurements(outcome: RunOutcome, config: ExperimentConfig) -> dict[str, Any]:
    """Return the part of the summary that differs between replications: account, functions, sources and cost."""
    measured, bill = outcome.measured, outcome.bill
    owners, nothing = bill.owners, bill.nothing

    def with_cost(objects: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
        return {
            name: of | {"cost": owners.get(name, nothing).to_dict()} if name in names else of
            for name, of in objects.items()
        }

    def with_versions(objects: Mapping[str, Any]) -> dict[str, Any]:
        """Return functions with their cost, which is that of their versions where they have any."""
        found: dict[str, Any] = {}
        for name, of in objects.items():
            if "versions" not in of:
                found[name] = of | {"cost": owners.get(name, nothing).to_dict()}
                continue
            priced = {key: owners.get(qualified(name, key), nothing) for key in of["versions"]}
            versions = {key: own | {"cost": priced[key].to_dict()} for key, own in of["versions"].items()}
            found[name] = of | {"versions": versions, "cost": together(priced.values()).to_dict()}
        return found

    cost = bill.to_dict()
    if bill.monthly_charges is None:
        span_ns = outcome.loads_span_ns
        why = why_none(config, span_ns) if outcome.complete else "the run was interrupted"
        cost["notes"].append(f"no cost of a month: {why}")
    unpriced = sorted({str(source.type) for source in config.source.values()} & {"kafka", "mq", "documentdb"})
    if unpriced and config.billing.sources:
        cost["notes"].append(f"the clusters of {' and '.join(unpriced)} are not on the bill: they have no price here")
    cost["notes"] += repeated_notes(config, outcome.loads_span_ns, bill.period_ns)
    cost["notes"] += proxies(config) if config.billing.sources else ()
    warmup_ns = config.simulation.warmup
    if warmup_ns:
        cost["notes"].append(f"the bill is of the whole run, its warm-up of {format_duration(warmup_ns)} included")
    return {
        "account": measured.account | {"cost": {name: cost[name] for name in Amounts._fields}},
        "functions": with_versions(measured.functions),
        "sources": with_cost(measured.sources, config.event_sources),
        **({"downstreams": measured.downstreams} if measured.downstreams else {}),
        "cost": cost,
    }
