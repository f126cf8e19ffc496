"""A third opinion: synchronous requests and asynchronous events by brute force, for plans of a few dozen.

It imports nothing from ``model/`` and keeps no heap, no lazy expiry and no pools: at every step it scans all that
could happen next and does the first of it. Numbers of ranks, statuses and reasons are written out again on purpose.
"""

from dataclasses import dataclass

NEVER = 2**62
SUCCESS, CRASH, OUT_OF_MEMORY, TIMEOUT, THROTTLED, IN_FLIGHT = 0, 2, 3, 4, 5, 6
WARM, COLD, COLD_INIT_TIMEOUT, SUPPRESSED = 1, 2, 3, 4


@dataclass
class Env:
    number: int
    function: int
    created: int
    dies: int
    provisioned: bool
    initialised: int
    init: int = 0
    busy_until: int = -1
    expires: int = -1
    slot: int = -1
    idle_since: int = 0
    uses: int = 0
    reset: bool = False


def simulate(
    account, functions, scaling, requests, clients=(), jitter=lambda load, index: 0, horizon=NEVER, ends=0,
    sources=(), chance=lambda kind, source, index: 0,
):  # fmt: skip
    """Return (invocation rows, environment rows, delivery rows) as dicts; arguments are plain dicts of integers.

    ``requests`` hold the plan's columns plus ``load`` and ``sequence``; those that are events also ``source`` and
    ``delay_ns``. A source holds its ``load`` and what its function says of asynchronous invocation; ``chance`` returns
    24 bits.
    """
    envs, dead, rows, running, deliveries = [], [], [], [], []
    waiting = [
        dict(r, attempt=0, at=r["arrival_ns"] + r.get("delay_ns", 0), first=r["arrival_ns"], rank=6, stage="arrives")
        for r in requests
    ]
    copies = [0] * len(sources)
    tokens = {}
    admitted = []  # (second, function, provisioned) of everything that passed the rate checks
    created_by = {}  # scaling: bucket -> list of creation times
    count = last = 0
    ready = [False] * len(functions)
    claims = [0] * len(functions)
    todo = []
    for i, f in enumerate(functions):
        if f["provisioned"]:
            todo += [(f["provisioned_requested_ns"], 2, i), (f["provisioned_ready_ns"], 3, i)]

    def bucket_allows(i, now):
        key = i if scaling["per_function"] else "account"
        times = created_by.setdefault(key, [])
        per, amount, capacity = scaling["per_ns"], scaling["amount"], scaling["capacity"]
        credit, last = capacity * per, 0
        for t in [*times, now]:
            if scaling["continuous"]:
                credit = min(capacity * per, credit + (t - last) * amount)
            else:
                credit = min(capacity * per, credit + (t // per - last // per) * amount * per)
            last = t
            if credit < per:
                return False  # only `now` can fail: all earlier ones were allowed
            credit -= per
        times.append(now)
        return True

    def idle(i, provisioned):
        return [e for e in envs if e.function == i and e.provisioned == provisioned and e.busy_until < 0]

    def choose(candidates, reuse, pick):
        if reuse == 0:
            return max(candidates, key=lambda e: e.slot)
        if reuse == 1:
            return min(candidates, key=lambda e: e.slot)
        if reuse == 3:
            return max(candidates, key=lambda e: e.number)
        return sorted(candidates, key=lambda e: e.slot)[pick * len(candidates) >> 31]

    def leave(e):  # under random reuse the last slot moves into the gap; otherwise slots only say who came first
        mates = idle(e.function, e.provisioned)
        if functions[e.function]["reuse"] == 2:
            last = max(mates, key=lambda m: m.slot)
            last.slot = e.slot
        e.slot = -1

    def enter(e):
        mates = [m for m in idle(e.function, e.provisioned) if m is not e]
        e.slot = 1 + max((m.slot for m in mates), default=-1)

    def kill(e, at):
        envs.remove(e)
        dead.append((e, at, 2 if at >= e.dies else 1))

    def levels(i):
        live = [r for r in running if r["env"] is not None]
        unreserved = sum(functions[r["function"]]["reserved"] is None and not r["env"].provisioned for r in live)
        claimed = unreserved + sum(f["reserved"] or 0 for f in functions) + sum(claims)
        return {
            "function_concurrency": sum(r["function"] == i for r in live),
            "provisioned_concurrency": sum(r["function"] == i and r["env"].provisioned for r in live),
            "unreserved_concurrency": unreserved,
            "account_concurrency": len(live),
            "claimed_concurrency": claimed,
            "environments": sum(e.function == i for e in envs),
        }

    def admit(r, now, metered=True):
        i = r["function"]
        f, reserved, second = functions[i], functions[i]["reserved"], now // 10**9
        here = [a for a in admitted if a[0] == second]
        if reserved == 0:
            return 3
        entry = [second, i, False]
        if metered:
            if reserved is not None and sum(a[1] == i for a in here) >= 10 * reserved:
                return 4
            if len(here) >= 10 * account:
                return 5
            admitted.append(entry)
        at = levels(i)
        if reserved is not None and at["function_concurrency"] >= reserved:
            return 3
        warm = idle(i, True)
        served = sum(a[1] == i and a[2] for a in here)
        if warm and at["account_concurrency"] < account and (served < 10 * f["provisioned"] or not metered):
            entry[2] = True
            return choose(warm, f["reuse"], r["pick"])
        if reserved is None and at["claimed_concurrency"] >= account:
            return 1
        allocated = f["provisioned"] if ready[i] else 0
        if reserved is not None and at["function_concurrency"] - at["provisioned_concurrency"] >= reserved - allocated:
            return 3
        warm = idle(i, False)
        if warm:
            return choose(warm, f["reuse"], r["pick"])
        if not bucket_allows(i, now):
            return 2
        nonlocal count
        env = Env(count, i, now, now + r["lifetime_ns"], False, now)
        count += 1
        envs.append(env)
        return env

    def refused(reason, i):
        return {
            "status": THROTTLED, "reason": reason, "environment": -1, "provisioned": 0, "start": 0,
            "placement_ns": 0, "init_ns": 0, "duration_ns": 0, "end_ns": -1, **levels(i),
        }  # fmt: skip

    def deliver(r, available, delivered, ended, outcome, fate, destination=0):
        event = r["load"] << 44 | r["sequence"]
        deliveries.append(
            {
                "source": r["source"], "event": event, "attempt": r["attempt"], "partition": -1, "sent_ns": r["first"],
                "available_ns": available, "delivered_ns": delivered, "ended_ns": ended, "outcome": outcome,
                "fate": fate, "destination": destination, "answer": 0,
                "batch": event if outcome in (0, 1, 6) else -1,
            }
        )  # fmt: skip

    def sent_away(r):
        law, event = sources[r["source"]], r["load"] << 44 | r["sequence"]
        if not law["destinations"]:
            return 0
        return 2 if chance("destination", r["source"], event) < law["delivery_failures_24"] else 1

    def follows(r, at):
        return at < r["first"] + sources[r["source"]]["max_age_ns"] and at < horizon

    def waits(r, now, at, rank):
        """Let an event wait until it is tried at some time, or until it leaves as it would be too old then."""
        r = dict(r, attempt=r["failures"] + r["throttles"], available=at, at=at, rank=rank, stage="tried")
        too_old = r["first"] + sources[r["source"]]["max_age_ns"]
        if at >= too_old:
            r |= {"available": now, "at": max(too_old, now), "rank": 9, "stage": "leaves"}
        waiting.append(r)

    def befalls(r, now):
        """Let an event be accepted, perhaps twice, or leave as it is too old."""
        law = sources[r["source"]]
        if r["stage"] == "leaves":
            return deliver(r, r["available"], -1, now, 4, 3, sent_away(r))
        several = [dict(r, first=now, failures=0, throttles=0)]
        if chance("duplicate", r["source"], r["load"] << 44 | r["sequence"]) < law["duplicates_24"]:
            several.append(dict(several[0], load=law["load"], sequence=copies[r["source"]]))
            copies[r["source"]] += 1
        for one in several:
            if functions[r["function"]]["reserved"] == 0:
                deliver(one, now, -1, now, 4, 2, sent_away(one))
            else:
                waits(one, now, now + law["dequeue_ns"], 6)

    def tried(job, row, now):
        """Let an event go on after an attempt that has ended."""
        law, job = sources[job["source"]], dict(job, failures=job["failures"] + 1)
        if row["status"] == SUCCESS:
            return deliver(job, job["at"], job["at"], now, 0, 1)
        if job["failures"] > law["max_retries"]:
            return deliver(job, job["at"], job["at"], now, 1, 2, sent_away(job))
        deliver(job, job["at"], job["at"], now, 1, 0)
        again = now + (60, 120)[job["failures"] - 1] * 10**9
        row["final"] = int(not follows(job, again))
        waits(job, now, again, 5)

    def arrive(r):
        now, i = r["at"], r["function"]
        if r.get("source", -1) >= 0 and r["stage"] != "tried":
            return befalls(r, now)
        f = functions[i]
        got = admit(r, now, r.get("source", -1) < 0)
        base = {
            "request": r["load"] << 44 | r["sequence"], "attempt": r["attempt"], "function": i,
            "first_arrival_ns": r["first"], "arrival_ns": now,
        }  # fmt: skip
        if not isinstance(got, Env) and r["stage"] == "tried":
            law, r = sources[r["source"]], dict(r, throttles=r["throttles"] + 1)
            delay = min(law["backoff_base_ns"] * 2 ** (r["throttles"] - 1), law["backoff_cap_ns"])
            index = (r["load"] << 44 | r["sequence"]) << 7 | r["attempt"] % 128
            delay = delay // 2 + delay * chance("backoff", r["source"], index) // 2**24
            rows.append(base | refused(got, i) | {"final": int(not follows(r, now + delay))})
            deliver(r, now, now, now, 2, 0)
            waits(r, now, now + delay, 5)
            return
        if not isinstance(got, Env):
            c = clients[r["load"]] if r["load"] < len(clients) else {"max_attempts": 1}
            delay = None
            if r["attempt"] + 1 < c["max_attempts"]:
                process = (r["load"], r["sequence"] % c["processes"])
                if not c["quota"] or tokens.setdefault(process, c["quota"]) >= c["retry_cost"]:
                    if c["quota"]:
                        tokens[process] -= c["retry_cost"]
                    delay = min(c["base_ns"] * 2 ** r["attempt"], c["cap_ns"])
                    if c["full_jitter"]:
                        delay = delay * jitter(r["load"], r["sequence"] << 7 | r["attempt"]) // 2**24
                    if now + delay >= horizon:
                        delay = None
            rows.append(base | refused(got, i) | {"final": int(delay is None)})
            if delay is not None:
                waiting.append(dict(r, attempt=r["attempt"] + 1, at=now + delay, rank=5))
            return
        env, start = got, WARM
        placement, init, duration, status = 0, 0, r["duration_ns"], r["outcome"]
        if r.get("failures") and status != OUT_OF_MEMORY:
            u24 = chance("outcome", r["source"], (r["load"] << 44 | r["sequence"]) << 7 | r["attempt"] % 128)
            status = 1 if u24 < f["errors_24"] else 2 if u24 + f["crashes_24"] >= 2**24 else 0
        again = r["init_ns"] * f["suppressed_init_permille"] // 1000
        if env.uses == 0 and not env.provisioned:
            start, placement, init = COLD, r["placement_ns"], min(r["init_ns"], f["init_limit_ns"])
            if r["init_ns"] > f["init_limit_ns"]:
                start, duration = COLD_INIT_TIMEOUT, duration + again
            env.initialised, env.init = now + placement + init, init
        elif env.reset:
            start, duration = SUPPRESSED, duration + again
        if env.slot >= 0:
            leave(env)
        if duration > f["timeout_ns"]:
            duration, status = f["timeout_ns"], TIMEOUT
        env.uses += 1
        env.busy_until, env.expires = now + placement + init + duration, -1
        running.append(dict(r, env=env))
        row = base | {
            "status": status, "reason": 0, "final": 1, "environment": env.number, "provisioned": int(env.provisioned),
            "start": start, "placement_ns": placement, "init_ns": init, "duration_ns": duration,
            "end_ns": env.busy_until, **levels(i)}  # fmt: skip
        running[-1]["row"] = row

    def complete(env, now):
        job = next(r for r in running if r["env"] is env)
        running.remove(job)
        row = job["row"]
        rows.append(row)
        if job.get("source", -1) >= 0:
            tried(job, row, now)
        elif job["load"] < len(clients) and clients[job["load"]]["quota"]:
            c, process = clients[job["load"]], (job["load"], job["sequence"] % clients[job["load"]]["processes"])
            refund = c["retry_cost"] if row["attempt"] else 1
            tokens[process] = min(c["quota"], tokens.get(process, c["quota"]) + refund)
        env.reset = row["status"] in (CRASH, OUT_OF_MEMORY, TIMEOUT)
        env.busy_until = -1
        if not env.provisioned:
            if env.dies <= now:
                return kill(env, now)
            others = sum(e.function == env.function and not e.provisioned for e in envs) > 1
            timeout = job["surplus_idle_timeout_ns"] if others else job["idle_timeout_ns"]
            env.expires = min(now + timeout, env.dies)
        enter(env)

    while True:
        options = [(e.busy_until, 0, e.number, "end", e) for e in envs if e.busy_until >= 0]
        options += [(e.expires, 4, e.number, "expire", e) for e in envs if e.busy_until < 0 and e.expires >= 0]
        options += [(r["at"], r["rank"], (r["load"], r["sequence"]), "arrive", r) for r in waiting]
        options += [(at, rank, i, "provision", i) for at, rank, i in todo]
        if horizon == NEVER and all(kind == "expire" for _, _, _, kind, _ in options):
            break
        options = [o for o in options if o[0] < horizon]
        if not options:
            break
        now, rank, _, kind, who = min(options, key=lambda o: (o[0], o[1], o[2]))
        last = now
        if kind == "end":
            complete(who, now)
        elif kind == "expire":
            leave(who)
            kill(who, now)
        elif kind == "arrive":
            waiting.remove(who)
            arrive(who)
        else:
            todo.remove((now, rank, who))
            f = functions[who]
            if rank == 2:
                claims[who] = f["provisioned"] if f["reserved"] is None else 0
            else:
                ready[who] = True
                for _ in range(f["provisioned"]):
                    env = Env(count, who, now, NEVER, True, now)
                    count += 1
                    envs.append(env)
                    enter(env)
    for job in running:
        cut = {"status": IN_FLIGHT, "placement_ns": 0, "init_ns": 0, "duration_ns": 0, "end_ns": -1}
        rows.append(job["row"] | cut)
        if job.get("source", -1) >= 0:
            deliver(job, job["at"], job["at"], -1, 6, 5)
    for r in waiting:
        if r["stage"] != "arrives":
            deliver(r, r["available"], -1, -1, 7, 5)
    for e in [e for e in envs if 0 <= e.expires <= max(last, ends) and horizon == NEVER]:
        kill(e, e.expires)
    lives = [(e, at, reason) for e, at, reason in dead] + [(e, -1, 0) for e in envs]
    return rows, [
        {
            "environment": e.number, "function": e.function, "provisioned": int(e.provisioned), "created_ns": e.created,
            "initialised_ns": e.initialised, "destroyed_ns": at, "end_reason": reason, "invocations": e.uses,
            "init_ns": e.init,
        }
        for e, at, reason in lives
    ], deliveries  # fmt: skip
