"""Planning: questions that take many simulations to answer. Nothing is imported here, because worker processes load
this package before they have chosen how many threads numpy may use.
"""
