/* A plain C loop for one function: what the hardware allows. On-demand environments, the account's limit and request
   rate, the scaling rate with continuous refill, most-recent reuse, idle timeouts, lifetimes, the init limit and the
   function timeout; rows as in lambdasim.records. Nothing grows: the caller gives room for all. */
#include <stdint.h>

typedef int64_t i64;
typedef struct { i64 at, subject; } moment;
typedef struct { i64 number, ends, expires, queued, idle_timeout, uses, created, initialised, init; int32_t older, newer, reset, pad; } environment;
typedef struct {
    i64 limit, rate_quota, capacity, amount, per, timeout, init_limit, horizon; /* the law */
    i64 executing, environments, rate_ends, admitted, credit, refilled, alive;  /* now */
    i64 newest, free, n_ends, n_expiries, n_rows, n_lives;
} world;
enum { BITS = 24, WARM = 1, COLD = 2, COLD_INIT_TIMEOUT = 3, SUPPRESSED = 4, TIMEOUT = 4, THROTTLED = 5, IN_FLIGHT = 6 };
#define NEVER ((i64)1 << 62)

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

static void queue(world *w, environment *x, i64 slot, moment *expiries) {
    x->queued = x->expires;
    push(expiries, w->n_expiries++, (moment){x->expires, x->number << BITS | slot});
}

void plain_loop(world *w, environment *e, moment *ends, moment *expiries, i64 *rows, i64 *lives, i64 n, i64 until,
                const i64 *request, const i64 *arrival, const i64 *duration, const i64 *init, const i64 *idle, const i64 *lifetime) {
    i64 i = 0;
    for (;;) {
        i64 at = i < n ? arrival[i] : NEVER;
        int ending = ends[0].at <= at;
        if (ending) at = ends[0].at;
        int over = at >= until;
        if (over) at = until;
        if (expiries[0].at <= at - (ending | over)) {
            i64 due = expiries[0].at, number = expiries[0].subject >> BITS, slot = expiries[0].subject & ((1 << BITS) - 1);
            pop(expiries, --w->n_expiries);
            environment *x = e + slot;
            if (x->number != number || x->queued != due) continue;
            x->queued = -1;
            if (x->expires == due) { unlink_(w, e, x); end(w, e, slot, due, lives); }
            else if (x->expires >= 0) queue(w, x, slot, expiries);
            continue;
        }
        if (over) return;
        if (ending) {
            i64 slot = ends[0].subject & ((1 << BITS) - 1);
            environment *x = e + slot;
            pop(ends, --w->n_ends);
            w->executing--;
            if (x->ends <= at) { end(w, e, slot, at, lives); continue; }
            x->expires = at + x->idle_timeout < x->ends ? at + x->idle_timeout : x->ends;
            x->older = (int32_t)w->newest; x->newer = -1;
            if (w->newest >= 0) e[w->newest].newer = (int32_t)slot;
            w->newest = slot;
            if (x->queued < 0 || x->queued > x->expires) queue(w, x, slot, expiries);
            continue;
        }
        i64 *row = rows + 21 * w->n_rows++, k = i++, reason = 0, slot = -1;
        if (at >= w->rate_ends) { w->rate_ends = (at / 1000000000 + 1) * 1000000000; w->admitted = 0; }
        if (w->admitted >= w->rate_quota) reason = 5;
        else {
            w->admitted++;
            if (w->executing >= w->limit) reason = 1;
            else if (w->newest >= 0) {
                slot = w->newest;
                unlink_(w, e, e + slot);
                e[slot].expires = -1;
            } else {
                i64 full = w->capacity * w->per, elapsed = at - w->refilled;
                w->credit = elapsed >= (full - w->credit) / w->amount + 1 ? full : w->credit + elapsed * w->amount;
                w->refilled = at;
                if (w->credit < w->per) reason = 2;
                else {
                    w->credit -= w->per;
                    slot = w->free;
                    environment *x = e + slot;
                    w->free = x->older;
                    *x = (environment){w->environments++, at + lifetime[k], -1, -1, 0, 0, at, at, 0, -1, -1, 0, 0};
                    w->alive++;
                }
            }
        }
        row[0] = request[k]; row[1] = 0; row[2] = 0; row[3] = at; row[4] = at; row[7] = 1; row[9] = 0;
        if (slot < 0) {
            row[5] = THROTTLED; row[6] = reason; row[8] = -1; row[10] = row[11] = row[12] = row[13] = 0; row[14] = -1;
        } else {
            environment *x = e + slot;
            i64 took = duration[k], init_phase = 0, start = x->reset ? SUPPRESSED : x->uses ? WARM : COLD, status = 0;
            if (start == SUPPRESSED) took += init[k];
            else if (start == COLD) {
                init_phase = init[k];
                if (init_phase > w->init_limit) { start = COLD_INIT_TIMEOUT; init_phase = w->init_limit; took += init[k]; }
                x->init = init_phase;
                x->initialised = at + init_phase;
            }
            if (took > w->timeout) { took = w->timeout; status = TIMEOUT; }
            i64 done = at + init_phase + took;
            w->executing++;
            x->uses++;
            x->reset = status == TIMEOUT;
            x->idle_timeout = idle[k];
            push(ends, w->n_ends++, (moment){done, x->number << BITS | slot});
            if (done >= w->horizon) { status = IN_FLIGHT; init_phase = took = 0; done = -1; }
            row[5] = status; row[6] = 0; row[8] = x->number; row[10] = start; row[11] = 0;
            row[12] = init_phase; row[13] = took; row[14] = done;
        }
        row[15] = w->executing; row[16] = 0; row[17] = w->executing; row[18] = w->executing; row[19] = w->executing; row[20] = w->alive;
    }
}
