"""Second opinions by brute force: what each family of sources does, told again without anything of ``lambdasim``.

There is no heap, no timer that is kept up to date and no formula where looking through all possibilities will do.
Numbers of ranks, statuses, outcomes and fates are written out again on purpose. What an oracle is told are plain values
(:func:`oracles.agenda.plain`), so that it cannot ask a law to decide.
"""
