/* A plain C loop for one function: what the hardware allows. On-demand environments, the account's limit and quota of
   requests per second, the scaling rate of environments and of requests, most-recent reuse, idle timeouts, lifetimes,
   the init limit and the function timeout; rows as in lambdasim.records, and counting by minute if there is a place
   for it. Pending ends are in a calendar queue (R. Brown, CACM 31(10), 1988) of days with at most a few ends each.
   Nothing grows: the caller gives room for all. */
#include <stdint.h>
#include <string.h>

typedef int64_t i64;
typedef struct { i64 at, subject; } moment;
typedef struct {
    i64 number, ends, expires, queued, idle_timeout, uses, created, initialised, init, at;
    int32_t older, newer, reset, pad;
} environment;
typedef struct {
    i64 limit, capacity, amount, per, requests, timeout, init_limit, horizon;    /* the specification */
    i64 executing, environments, rate_since, rate_used, credit, refilled, alive; /* now */
    i64 ramp_second, ramp_admitted, ramp_level, ramp_credit, ramp_refilled;
    i64 newest, free, n_far, n_expiries, n_rows, n_lives;
    i64 shift, last_day, entered, first, first_at, now; /* the calendar */
} world;
typedef struct { i64 invocations, throttled, cold, busy, billed, most, unreserved, claimed, environments, reasons[8]; } minute;
enum { BITS = 24, WARM = 1, COLD = 2, COLD_INIT_TIMEOUT = 3, SUPPRESSED = 4, TIMEOUT = 4, THROTTLED = 5, IN_FLIGHT = 6 };
enum { COLUMNS = 24, BINS = 1 << 13 };
#define NEVER ((i64)1 << 62)
#define SECOND ((i64)1000000000)

static inline int before(moment a, moment b) { return a.at < b.at || (a.at == b.at && a.subject < b.subject); }

static void push(moment *h, i64 n, moment m) {
    while (n > 0) {
        i64 parent = (n - 1) >> 2;
        if (before(h[parent], m)) break;
        h[n] = h[parent];
        n = parent;
    }
    h[n] = m;
}

static void pop(moment *h, i64 n) { /* n entries remain; those behind the last are at NEVER */
    moment m = h[n];
    i64 hole = 0, child = 1;
    while (child < n) {
        i64 best = child;
        for (i64 c = child + 1; c < child + 4; c++)
            if (before(h[c], h[best])) best = c;
        if (before(m, h[best])) break;
        h[hole] = h[best];
        hole = best;
        child = 4 * hole + 1;
    }
    h[hole] = m;
    h[n].at = NEVER;
}

typedef struct { int32_t *first; uint64_t *marks, *more; } calendar; /* bits: days with ends, words of marks with any */

static inline void enter(world *w, environment *e, calendar c, i64 slot, i64 at) {
    i64 day = (at >> w->shift) & w->last_day;
    e[slot].at = at;
    e[slot].newer = c.first[day];
    c.first[day] = (int32_t)slot;
    c.marks[day >> 6] |= 1ull << (day & 63);
    c.more[day >> 12] |= 1ull << ((day >> 6) & 63);
    w->entered++;
}

static inline void add(world *w, environment *e, calendar c, moment *far, i64 slot, i64 at) {
    if ((at >> w->shift) - (w->now >> w->shift) > w->last_day)
        push(far, w->n_far++, (moment){at, e[slot].number << BITS | slot});
    else if (at < w->first_at || (at == w->first_at && e[slot].number < e[w->first].number)) {
        if (w->first_at < NEVER) enter(w, e, c, w->first, w->first_at);
        w->first = slot;
        w->first_at = at;
    } else
        enter(w, e, c, slot, at);
}

static inline void find(world *w, environment *e, calendar c, moment *far, i64 day) {
    while (w->entered > 0) {
        i64 word = day >> 6;
        uint64_t bits = c.marks[word] & (~0ull << (day & 63));
        if (!bits) {
            i64 years = (w->last_day >> 12) + 1, year = word >> 6;
            uint64_t words = (word & 63) == 63 ? 0 : c.more[year] & (~0ull << ((word & 63) + 1));
            while (!words) words = c.more[year = (year + 1) % years];
            word = (year << 6) + __builtin_ctzll(words);
            bits = c.marks[word];
        }
        day = (word << 6) + __builtin_ctzll(bits);
        uint64_t later = bits & (bits - 1);
        later &= later - 1;
        if (later) __builtin_prefetch(e + c.first[(word << 6) + __builtin_ctzll(later)]);
        i64 slot = c.first[day];
        c.first[day] = -1;
        if (!(c.marks[word] &= ~(bits & -bits))) c.more[word >> 6] &= ~(1ull << (word & 63));
        if (e[slot].newer < 0) {
            w->entered--;
            w->first = slot;
            w->first_at = e[slot].at;
            return;
        }
        for (; slot >= 0; slot = e[slot].newer) {
            push(far, w->n_far++, (moment){e[slot].at, e[slot].number << BITS | slot});
            w->entered--;
        }
    }
    w->first_at = NEVER;
}

static void end(world *w, environment *e, i64 slot, i64 at, i64 *lives) {
    i64 *row = lives + 9 * w->n_lives++;
    environment *x = e + slot;
    row[0] = x->number; row[1] = 0; row[2] = 0; row[3] = x->created; row[4] = x->initialised;
    row[5] = at; row[6] = at >= x->ends ? 2 : 1; row[7] = x->uses; row[8] = x->init;
    x->number = -1;
    x->older = (int32_t)w->free;
    w->free = slot;
    w->alive--;
}

static void unlink_(world *w, environment *e, environment *x) {
    if (x->older >= 0) e[x->older].newer = x->newer;
    if (x->newer >= 0) e[x->newer].older = x->older; else w->newest = x->older;
}

static void queue(world *w, environment *x, i64 slot, i64 at, moment *expiries) {
    x->queued = at;
    push(expiries, w->n_expiries++, (moment){at, x->number << BITS | slot});
}

static i64 refilled(i64 credit, i64 elapsed, i64 full, i64 amount) {
    return elapsed >= (full - credit) / amount + 1 ? full : credit + elapsed * amount;
}

static inline int may_ramp(world *w, i64 at) {
    if (at - w->ramp_second >= SECOND) { w->ramp_second = at - at % SECOND; w->ramp_admitted = 0; }
    if (w->ramp_admitted < w->ramp_level) return 1;
    w->ramp_credit = refilled(w->ramp_credit, at - w->ramp_refilled, w->capacity * w->requests * w->per, w->amount * w->requests);
    w->ramp_refilled = at;
    return w->ramp_credit >= w->per;
}

static inline i64 bin(i64 value) {
    double number = (double)value;
    uint64_t bits;
    memcpy(&bits, &number, 8);
    i64 place = (i64)(bits >> 45) - ((i64)1023 << 7);
    return place < 0 ? 0 : place;
}

static inline i64 most(i64 a, i64 b) { return a > b ? a : b; }

void plain_loop(world *w, environment *e, int32_t *first, uint64_t *marks, uint64_t *more, moment *far, moment *expiries,
                i64 *rows, i64 *lives, minute *minutes, i64 *bins, i64 n, i64 until, const i64 *request, const i64 *arrival,
                const i64 *duration, const i64 *init, const i64 *idle, const i64 *lifetime) {
    calendar c = {first, marks, more};
    i64 i = 0, quota = 10 * w->limit;
    for (;;) {
        i64 at = i < n ? arrival[i] : NEVER, soonest = far[0].at < w->first_at ? far[0].at : w->first_at;
        int ending = soonest <= at;
        if (ending) at = soonest;
        int over = at >= until;
        if (over) at = until;
        if (expiries[0].at <= at - (ending | over)) {
            i64 due = expiries[0].at, number = expiries[0].subject >> BITS, slot = expiries[0].subject & ((1 << BITS) - 1);
            pop(expiries, --w->n_expiries);
            environment *x = e + slot;
            if (x->number != number || x->queued != due) continue;
            x->queued = -1;
            if (x->expires == due) { unlink_(w, e, x); end(w, e, slot, due, lives); }
            else if (x->expires >= 0) queue(w, x, slot, x->expires, expiries);
            continue;
        }
        if (over) return;
        if (ending) {
            i64 slot = w->first;
            if (far[0].at < w->first_at || (far[0].at == w->first_at && far[0].subject >> BITS < e[slot].number)) {
                slot = far[0].subject & ((1 << BITS) - 1);
                pop(far, --w->n_far);
            } else
                find(w, e, c, far, (w->first_at >> w->shift) & w->last_day);
            environment *x = e + slot;
            w->now = at;
            w->executing--;
            if (x->ends <= at) { end(w, e, slot, at, lives); continue; }
            x->expires = at + x->idle_timeout < x->ends ? at + x->idle_timeout : x->ends;
            x->older = (int32_t)w->newest; x->newer = -1;
            if (w->newest >= 0) e[w->newest].newer = (int32_t)slot;
            w->newest = slot;
            if (x->queued < 0 || x->queued > x->expires) queue(w, x, slot, at + ((x->expires - at) >> 1), expiries);
            continue;
        }
        i64 *row = rows + COLUMNS * w->n_rows++, k = i++, reason = 0, slot = -1, elapsed = at - w->rate_since;
        if (k + 8 < n) __builtin_prefetch(c.first + (((arrival[k + 8] + duration[k + 8]) >> w->shift) & w->last_day), 1);
        w->now = at;
        w->rate_used = elapsed >= SECOND || elapsed * quota >= w->rate_used ? 0 : w->rate_used - elapsed * quota;
        w->rate_since = at;
        if (w->rate_used + SECOND > quota * SECOND) reason = 5;
        else {
            w->rate_used += SECOND;
            if (w->executing >= w->limit) reason = 1;
            else if (!may_ramp(w, at)) reason = 2;
            else if (w->newest >= 0) {
                slot = w->newest;
                unlink_(w, e, e + slot);
                e[slot].expires = -1;
            } else {
                w->credit = refilled(w->credit, at - w->refilled, w->capacity * w->per, w->amount);
                w->refilled = at;
                if (w->credit < w->per) reason = 2;
                else {
                    w->credit -= w->per;
                    slot = w->free;
                    environment *x = e + slot;
                    w->free = x->older;
                    *x = (environment){w->environments++, at + lifetime[k], -1, -1, 0, 0, at, at, 0, 0, -1, -1, 0, 0};
                    w->alive++;
                }
            }
        }
        row[0] = request[k]; row[1] = 0; row[2] = 0; row[3] = at; row[4] = at; row[7] = 1; row[9] = 0;
        i64 start = 0, took = 0, init_phase = 0, status = 0, done = -1;
        if (slot < 0) {
            row[5] = THROTTLED; row[6] = reason; row[8] = -1; row[10] = row[11] = row[12] = row[13] = 0; row[14] = -1;
        } else {
            environment *x = e + slot;
            if (++w->ramp_admitted > w->ramp_level) { w->ramp_level = w->ramp_admitted; w->ramp_credit -= w->per; }
            took = duration[k];
            start = x->reset ? SUPPRESSED : x->uses ? WARM : COLD;
            if (start == SUPPRESSED) took += init[k];
            else if (start == COLD) {
                init_phase = init[k];
                if (init_phase > w->init_limit) { start = COLD_INIT_TIMEOUT; init_phase = w->init_limit; took += init[k]; }
                x->init = init_phase;
                x->initialised = at + init_phase;
            }
            if (took > w->timeout) { took = w->timeout; status = TIMEOUT; }
            done = at + init_phase + took;
            w->executing++;
            x->uses++;
            x->reset = status == TIMEOUT;
            x->idle_timeout = idle[k];
            add(w, e, c, far, slot, done);
            i64 known = done < w->horizon;
            row[5] = known ? status : IN_FLIGHT; row[6] = 0; row[8] = x->number; row[10] = start; row[11] = 0;
            row[12] = known ? init_phase : 0; row[13] = known ? took : 0; row[14] = known ? done : -1;
        }
        row[15] = row[16] = w->executing; row[17] = 0; row[18] = row[19] = row[20] = w->executing;
        row[21] = row[22] = w->alive; row[23] = 0;
        if (minutes) {
            minute *m = minutes + at / (60 * SECOND);
            if (slot < 0) { m->throttled++; m->reasons[reason]++; continue; }
            m->invocations++;
            m->busy += init_phase + took;
            m->billed += (init_phase + took + 999999) / 1000000;
            m->most = most(m->most, w->executing);
            m->unreserved = most(m->unreserved, w->executing);
            m->claimed = most(m->claimed, w->executing);
            m->environments = most(m->environments, w->alive);
            bins[bin(took)]++;
            bins[(start == WARM ? 1 : 2) * BINS + bin(done - at)]++;
            if (start != WARM) { m->cold++; bins[3 * BINS + bin(init_phase)]++; }
        }
    }
}
