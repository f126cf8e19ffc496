"""What a run costs: dated public prices, and bills made from quantities in exact arithmetic.

This package knows no clock, no record and no engine; :class:`lambdasim.usage.FunctionUsage` is all it reads.
"""

from lambdasim.cost.bill import Bill, bill
from lambdasim.cost.charges import Amounts, BillLine, together
from lambdasim.cost.month import Month, month_of
from lambdasim.cost.price_book import Evidence, Item, PriceBook, Tier

__all__ = [
    "Amounts",
    "Bill",
    "BillLine",
    "Evidence",
    "Item",
    "Month",
    "PriceBook",
    "Tier",
    "bill",
    "month_of",
    "together",
]
