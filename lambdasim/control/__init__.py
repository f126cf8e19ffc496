"""Controllers: what decides during a run, at exact times, what changes in the account.

They stand between the chunks of a run and know no engine, so they serve every engine alike.
"""
