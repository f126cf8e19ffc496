"""A third opinion: the synchronous path by brute force, for plans of a few dozen requests.

It imports nothing from ``model/`` and keeps no heap, no lazy expiry and no pools: at every step it scans all that
could happen next and does the first of it. Numbers of ranks, statuses and reasons are written out again on purpose.
"""

from dataclasses import dataclass

NEVER = 2**62
SUCCESS, ERROR, CRASH, OUT_OF_MEMORY, TIMEOUT, THROTTLED, IN_FLIGHT, LOST = 0, 1, 2, 3, 4, 5, 6, 7
LAMBDA_ERRORS, ENVIRONMENTS_LOST, SCALING_CAPACITY, SCALING_AMOUNT = 9, 10, 26, 27
REQUESTED, READY, REPLACED = 37, 38, 39
WARM, COLD, COLD_INIT_TIMEOUT, SUPPRESSED, RESTORED, AHEAD = 1, 2, 3, 4, 5, 6


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
    seat: int = -1
    successor_init: int = 0


def passes(history, whole_seconds, now):
    """Say whether a request passes now, where ``history`` has the times of those that passed and of each new quota."""
    second, quota, used, last = 10**9, 0, 0, 0
    if whole_seconds:
        quota = [q for _, q in history if q is not None][-1]
        return sum(q is None and at // second == now // second for at, q in history) < quota
    for at, new in [*history, (now, None)]:
        used, last = max(0, used - (at - last) * quota), at
        if new is not None:
            quota, used = new, min(used, new * second)
        else:
            used += second
    return used <= quota * second


def restored_slowly(excess, number):
    """Return by how much the restore of that number is slower: the first ten alike, then ever less; rounded down."""
    for _ in range(10, number):
        excess = excess * 15_958_982 // 2**24
    return excess


def simulate(
    account, functions, scaling, requests, control=(), clients=(), jitter=lambda load, index: 0, horizon=NEVER, ends=0,
    whole_seconds=False, fault=lambda key, index: 0, losses=(), service_key=0,
):  # fmt: skip
    """Return (rows of invocations, of environments, of samples) as dicts; arguments are plain dicts of integers.

    ``requests`` hold the plan's columns plus ``load`` and ``sequence``, ``control`` the rows of the control table.
    """
    envs, dead, rows, running, samples = [], [], [], [], []
    waiting = [dict(r, attempt=0, at=r["arrival_ns"], first=r["arrival_ns"], rank=6) for r in requests]
    tokens = {}
    ramped = [[] for _ in functions]  # times of the requests that were admitted on demand, by first version
    scaled = [(0, scaling["capacity"], scaling["amount"])]  # from when on the scaling rate is what
    created_by = {}  # scaling: bucket -> list of creation times
    count = last = 0
    allocated = [0] * len(functions)
    seats = [0] * len(functions)  # how many provisioned environments have become ready, but for successors
    claims = [0] * len(functions)
    restored = [0] * len(functions)
    refusing = 0  # share of all requests that Lambda answers with an error, in units of 2**-24
    failing = [0] * len(functions)  # share of invocations that fail, in units of 2**-24
    metered = []  # version, executions and what is allocated, of each that began on provisioned concurrency
    owner = [i if f["version_of"] < 0 else f["version_of"] for i, f in enumerate(functions)]
    reserved_now = [f["reserved"] for f in functions]  # of first versions
    clocks = [None] * len(functions)  # when what is idle of a function ends together or in halves, and that period
    todo = [dict(c, number=n) for n, c in enumerate(control)]
    asked = {"account": [(0, 10 * account)]}  # times of what passed the checks of a rate, and of each new quota of it
    for i, f in enumerate(functions):
        asked["reserved", i] = [(0, 10 * (f["reserved"] or 0))]
        asked["provisioned", i] = [(0, 0)]

    def bucket_allows(i, now):
        key = owner[i] if scaling["per_function"] else "account"
        times = created_by.setdefault(key, [])
        per, (_, capacity, amount) = scaling["per_ns"], scaled[0]
        credit, last = capacity * per, 0
        for t, change in with_scales([*times, (now, len(scaled))]):
            credit, last = min(capacity * per, credit + came_back(last, t) * amount), t
            if change is not None:
                _, capacity, amount = change
                continue
            if credit < per:
                return False  # only `now` can fail: all earlier ones were allowed
            credit -= per
        times.append((now, len(scaled)))
        return True

    def with_scales(times):
        """Yield each time and None, and between them when the scaling rate changed, with what it became."""
        known = 1
        for t, count in times:
            yield from ((change[0], change) for change in scaled[known:count])
            known = count
            yield t, None

    def came_back(last, t):
        """Return for how long something came back between two times."""
        per = scaling["per_ns"]
        return t - last if scaling["continuous"] else (t // per - last // per) * per

    def ramp_allows(i, now):
        times = ramped[owner[i]]
        per, (_, capacity, amount), each = scaling["per_ns"], scaled[0], scaling["requests"]
        credit, last, most, passed = capacity * each * per, 0, 0, []
        for t, change in with_scales([*times, (now, len(scaled))]):
            if change is not None:
                credit, last = min(capacity * each * per, credit + came_back(last, t) * amount * each), t
                _, capacity, amount = change
                continue
            passed.append(t // 10**9)
            if passed.count(t // 10**9) > most:
                credit, last = min(capacity * each * per, credit + came_back(last, t) * amount * each), t
                if credit < per:
                    return False  # only `now` can fail
                most, credit = most + 1, credit - per
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

    def kill(e, at, lost=False):
        envs.remove(e)
        dead.append((e, at, 4 if lost else 2 if at >= e.dies else 3 if e.provisioned else 1))

    def strikes(loss, e):
        return fault(loss["key"], e.number * 128) < loss["share_q24"]

    def told(i, now, with_environments):
        alive, at = sum(e.function == i and e.provisioned for e in envs), levels(i)
        own = -1 if reserved_now[owner[i]] is None else reserved_now[owner[i]]
        after = (own, claims[i] - alive + allocated[i], allocated[i], at["environments"], at["claimed_concurrency"])
        samples.extend(
            {"source": i if n else owner[i], "metric": 8 + n, "time_ns": now, "value": v}
            for n, v in enumerate(after)
            if n != 3 or with_environments
        )
        if with_environments and owner.count(owner[i]) > 1:
            samples.append({"source": i, "metric": 16, "time_ns": now, "value": at["function_environments"]})

    def lose(loss, now):
        for i in range(len(functions)):
            before = allocated[i]
            for provisioned in (False, True):
                for e in sorted(idle(i, provisioned), key=lambda e: e.number):
                    if strikes(loss, e):
                        leave(e)
                        kill(e, now, lost=True)
                        if provisioned:
                            allocated[i] -= 1
                            asked["provisioned", i].append((now, 10 * allocated[i]))
            if allocated[i] < before:
                told(i, now, False)

    def install(i, now, init, seat):
        nonlocal count
        env = Env(count, i, now, NEVER, True, now, init)
        env.seat = seat
        count += 1
        envs.append(env)
        enter(env)

    def succeed(e, now):
        kill(e, now)
        install(e.function, now, e.successor_init, e.seat)

    def one_too_many(i):
        return sum(e.function == i and e.provisioned for e in envs) > allocated[i]

    def change(c, now):
        nonlocal account, count, refusing
        kind, i, value = c["kind"], c["subject"], c["value"]
        if kind == 0:
            account = value
            asked["account"].append((now, 10 * value))
        elif kind == 1:
            reserved_now[owner[i]] = None if value < 0 else value
            asked["reserved", owner[i]].append((now, 10 * max(0, value)))
        elif kind == 2:
            for _ in range(value):
                if allocated[i]:
                    allocated[i] -= 1
                    asked["provisioned", i].append((now, 10 * allocated[i]))
                    if idle(i, True):
                        gone = choose(idle(i, True), functions[i]["reuse"], 0)
                        leave(gone)
                        kill(gone, now)
                        claims[i] -= 1
        elif kind == 6:
            used = [(p << 24) // a for of, p, a in metered if of == i]
            metered[:] = [one for one in metered if one[0] != i]
            metering = enumerate((len(used), sum(used), max(used, default=0)))
            samples.extend({"source": i, "metric": 13 + n, "time_ns": now, "value": v} for n, v in metering)
        elif kind == 7:
            failing[i] = value
        elif kind == 8:
            for env in [e for e in envs if e.function == i and not e.provisioned]:
                env.dies = now
                if env.busy_until < 0:
                    leave(env)
                    kill(env, now)
        elif kind in (SCALING_CAPACITY, SCALING_AMOUNT):
            _, capacity, amount = scaled[-1]
            scaled.append((now, value, amount) if kind == SCALING_CAPACITY else (now, capacity, value))
        elif kind == LAMBDA_ERRORS:
            refusing = value
        elif kind == ENVIRONMENTS_LOST:
            lose(losses[i], now)
        elif kind == REQUESTED:
            claims[i] += value
        elif kind == READY:
            for init in c["init_ns"]:
                allocated[i] += 1
                asked["provisioned", i].append((now, 10 * allocated[i]))
                install(i, now, init, seats[i])
                seats[i] += 1
        elif kind == REPLACED:
            for env in [e for e in envs if e.function == i and e.provisioned and e.seat == value]:
                env.dies, env.successor_init = now, c["init_ns"][0]
                if env.busy_until < 0:
                    leave(env)
                    succeed(env, now)
        if kind in (1, 2, REQUESTED, READY):
            told(i, now, kind == READY)

    def levels(i):
        live = [r for r in running if r["env"] is not None]
        unreserved = sum(reserved_now[owner[r["function"]]] is None and not r["env"].provisioned for r in live)
        held = [claim for claim, of in zip(claims, owner, strict=True) if reserved_now[of] is None]
        claimed = unreserved + sum(held) + sum(reserved_now[of] or 0 for of in set(owner))
        return {
            "function_concurrency": sum(owner[r["function"]] == owner[i] for r in live),
            "version_concurrency": sum(r["function"] == i for r in live),
            "provisioned_concurrency": sum(r["function"] == i and r["env"].provisioned for r in live),
            "unreserved_concurrency": unreserved,
            "account_concurrency": len(live),
            "claimed_concurrency": claimed,
            "function_environments": sum(owner[e.function] == owner[i] for e in envs),
            "environments": sum(e.function == i for e in envs),
            "allocated_concurrency": allocated[i],
        }

    def admit(r, now):
        i = r["function"]
        f, of = functions[i], owner[i]
        reserved = reserved_now[of]
        if reserved == 0:
            return 3
        if reserved is not None and not passes(asked["reserved", of], whole_seconds, now):
            return 4
        if not passes(asked["account"], whole_seconds, now):
            return 5
        asked["account"].append((now, None))
        if reserved is not None:
            asked["reserved", of].append((now, None))
        at = levels(i)
        if reserved is not None and at["function_concurrency"] >= reserved:
            return 3
        warm = idle(i, True)
        if warm and at["account_concurrency"] < account and passes(asked["provisioned", i], whole_seconds, now):
            asked["provisioned", i].append((now, None))
            return choose(warm, f["reuse"], r["pick"])
        if reserved is None and at["claimed_concurrency"] >= account:
            return 1
        own = sum(owner[e.function] == of and e.provisioned for e in envs)
        busy = sum(owner[r["function"]] == of and not r["env"].provisioned for r in running)
        if reserved is not None and busy >= reserved - own:
            return 3
        if scaling["requests"] and not ramp_allows(i, now):
            return 2
        warm = idle(i, False)
        if not warm and not bucket_allows(i, now):
            return 2
        ramped[owner[i]].append((now, len(scaled)))
        if warm:
            return choose(warm, f["reuse"], r["pick"])
        nonlocal count
        env = Env(count, i, now, now + r["lifetime_ns"], False, now)
        count += 1
        envs.append(env)
        return env

    def arrive(r):
        now, i = r["at"], r["function"]
        f = functions[i]
        drawn = (r["load"] << 44 | r["sequence"]) * 128 + r["attempt"] % 128
        got = 6 if fault(service_key, drawn) < refusing else admit(r, now)
        base = {
            "request": r["load"] << 44 | r["sequence"], "attempt": r["attempt"], "function": i,
            "first_arrival_ns": r["first"], "arrival_ns": now,
        }  # fmt: skip
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
            rows.append(
                base
                | {
                    "status": THROTTLED,
                    "reason": got,
                    "final": int(delay is None),
                    "environment": -1,
                    "provisioned": 0,
                    "start": 0,
                    "placement_ns": 0,
                    "init_ns": 0,
                    "duration_ns": 0,
                    "end_ns": -1,
                    **levels(i),
                }
            )
            if delay is not None:
                waiting.append(dict(r, attempt=r["attempt"] + 1, at=now + delay, rank=5))
            return
        env, start = got, WARM
        placement, init, duration, status = 0, 0, r["duration_ns"], r["outcome"]
        if status == SUCCESS and fault(f["fault_key"], base["request"] * 128 + r["attempt"] % 128) < failing[i]:
            status = ERROR
        again = r["init_ns"] * f["suppressed_init_permille"] // 1000
        slow = restored_slowly(f["first_restores_q24"], restored[i] + 1)
        ahead = fault(f["ahead_key"], base["request"] * 128 + r["attempt"] % 128) < f["ahead_q24"]
        if env.uses == 0:
            duration += f["first_ns"]
        if env.uses == 0 and not env.provisioned and f["snapstart"]:
            start, placement, init = RESTORED, r["placement_ns"], r["init_ns"] + r["init_ns"] * slow // 2**24
            hooks = init * f["restore_billed_q24"] // 2**24
            if hooks > 10 * 10**9:
                init, duration, status = init - hooks + 10 * 10**9, 0, TIMEOUT
            restored[i] += 1
            env.initialised, env.init = now + placement + init, init
        elif env.uses == 0 and not env.provisioned and ahead and r["init_ns"] <= f["init_limit_ns"]:
            start, env.init = AHEAD, r["init_ns"]
        elif env.uses == 0 and not env.provisioned:
            start, placement, init = COLD, r["placement_ns"], min(r["init_ns"], f["init_limit_ns"])
            if r["init_ns"] > f["init_limit_ns"]:
                start, duration = COLD_INIT_TIMEOUT, duration + again
            env.initialised, env.init = now + placement + init, init
        elif env.reset:
            start, duration = SUPPRESSED, duration + again + f["first_ns"]
        if env.slot >= 0:
            leave(env)
        if not env.provisioned:
            clocks[i] = None
        if duration > f["timeout_ns"]:
            duration, status = f["timeout_ns"], TIMEOUT
        env.uses += 1
        env.busy_until, env.expires = now + placement + init + duration, -1
        for loss in losses:
            if now < loss["at_ns"] < env.busy_until and strikes(loss, env):
                left = loss["at_ns"] - now
                placement = min(placement, left)
                init = min(init, left - placement)
                duration, status = left - placement - init, LOST
                env.busy_until, env.initialised = loss["at_ns"], min(env.initialised, loss["at_ns"])
                break
        running.append(dict(r, env=env))
        row = base | {
            "status": status, "reason": 0, "final": 1, "environment": env.number, "provisioned": int(env.provisioned),
            "start": start, "placement_ns": placement, "init_ns": init, "duration_ns": duration,
            "end_ns": env.busy_until, **levels(i)}  # fmt: skip
        running[-1]["row"] = row
        if env.provisioned:
            metered.append((i, row["provisioned_concurrency"], row["allocated_concurrency"]))

    def complete(env, now):
        job = next(r for r in running if r["env"] is env)
        running.remove(job)
        row = job["row"]
        rows.append(row)
        if job["load"] < len(clients) and clients[job["load"]]["quota"]:
            c, process = clients[job["load"]], (job["load"], job["sequence"] % clients[job["load"]]["processes"])
            refund = c["retry_cost"] if row["attempt"] else 1
            tokens[process] = min(c["quota"], tokens.get(process, c["quota"]) + refund)
        env.reset = row["status"] in (CRASH, OUT_OF_MEMORY, TIMEOUT)
        env.busy_until = -1
        if env.provisioned and one_too_many(env.function):
            claims[env.function] -= 1
            env.dies = NEVER
            return kill(env, now)
        if env.provisioned and env.dies <= now:
            return succeed(env, now)
        if not env.provisioned:
            if env.dies <= now:
                kill(env, now)
                return rest(env.function, now, job["idle_timeout_ns"])
            others = sum(e.function == env.function and not e.provisioned for e in envs) > 1
            expiry = functions[env.function]["expiry"]
            surplus = {0: False, 1: others, 2: True, 3: True}[expiry]
            timeout = job["surplus_idle_timeout_ns"] if surplus else job["idle_timeout_ns"]
            env.expires = min(now + timeout, env.dies)
        enter(env)
        if not env.provisioned:
            rest(env.function, now, job["idle_timeout_ns"])

    def rest(i, now, period):
        mates = [e for e in envs if e.function == i and not e.provisioned]
        if functions[i]["expiry"] >= 2 and mates and all(e.busy_until < 0 for e in mates):
            clocks[i] = (now + period, period)

    def strike(i, now):
        idle_ones = idle(i, False)
        keeps = len(idle_ones) // 2 + len(idle_ones) % 2 if len(idle_ones) > 1 else 0  # the larger half
        for _ in range(len(idle_ones) if functions[i]["expiry"] == 2 else len(idle_ones) - keeps):
            key = (lambda e: -e.number) if functions[i]["reuse"] == 3 else (lambda e: e.slot)
            gone = min(idle(i, False), key=key)
            leave(gone)
            kill(gone, now)
        clocks[i] = (now + clocks[i][1], clocks[i][1]) if idle(i, False) else None

    while True:
        options = [(e.busy_until, 0, e.number, "end", e) for e in envs if e.busy_until >= 0]
        options += [(e.expires, 4, e.number, "expire", e) for e in envs if e.busy_until < 0 and e.expires >= 0]
        options += [(at[0], 4, NEVER, "strike", i) for i, at in enumerate(clocks) if at is not None]
        options += [(r["at"], r["rank"], (r["load"], r["sequence"]), "arrive", r) for r in waiting]
        options += [(c["at_ns"], 2, (c["kind"], c["subject"], c["number"]), "change", c) for c in todo]
        if horizon == NEVER and all(kind in ("expire", "strike") for _, _, _, kind, _ in options):
            options = [o for o in options if o[0] <= max(last, ends)]
        options = [o for o in options if o[0] < horizon]
        if not options:
            break
        now, _, _, kind, who = min(options, key=lambda o: (o[0], o[1], o[2]))
        if kind not in ("expire", "strike"):
            last = now
        if kind == "end":
            complete(who, now)
        elif kind == "expire":
            leave(who)
            kill(who, now)
        elif kind == "strike":
            strike(who, now)
        elif kind == "arrive":
            waiting.remove(who)
            arrive(who)
        else:
            todo.remove(who)
            change(who, now)
    for job in running:
        cut = {"status": IN_FLIGHT, "placement_ns": 0, "init_ns": 0, "duration_ns": 0, "end_ns": -1}
        rows.append(job["row"] | cut)
    lives = [(e, at, reason) for e, at, reason in dead] + [(e, -1, 0) for e in envs]
    return rows, [
        {
            "environment": e.number, "function": e.function, "provisioned": int(e.provisioned), "created_ns": e.created,
            "initialised_ns": e.initialised, "destroyed_ns": at, "end_reason": reason, "invocations": e.uses,
            "init_ns": e.init,
        }
        for e, at, reason in lives
    ], samples  # fmt: skip
