"""Closed forms of queueing theory for an estimate before any simulation. Standard library only."""


def offered_load(rate_per_s: float, mean_s: float) -> float:
    """Return the offered load in erlangs: the concurrency that ``rate_per_s`` requests of ``mean_s`` each would hold.

    This is Little's law; for Lambda ``mean_s`` is the handler's duration plus the cold starts' share of init.
    """
    return rate_per_s * mean_s


def erlang_b(offered_load: float, servers: int) -> float:
    """Return the share of Poisson requests that find ``servers`` busy servers and are turned away.

    For Lambda: the throttle probability of ``servers`` concurrency under ``offered_load`` erlangs, whatever the
    distribution of durations. Computed by the inverse recursion ``1/B(n) = 1 + n / (a B(n-1))`` (D. L. Jagerman,
    "Some properties of the Erlang loss function", Bell System Technical Journal 53, 1974), which cannot overflow
    to a wrong answer: it stops once the share is below any float. ValueError for a negative or NaN load or
    negative servers.
    """
    if not offered_load >= 0 or servers < 0:
        raise ValueError(f"no Erlang B of an offered load of {offered_load} and {servers} servers")
    if offered_load == 0:
        return 0.0 if servers else 1.0
    inverse = 1.0
    for n in range(1, servers + 1):
        inverse = 1.0 + inverse * n / offered_load
        if inverse > 1e300:
            return 0.0
    return 1.0 / inverse
