"""What a run costs: dated public prices, and bills made from quantities with decimal arithmetic.

This package knows no clock, no record and no engine; :class:`lambdasim.usage.FunctionUsage` is all it reads.
"""

from lambdasim.cost.bill import Bill, BillLine, CostRates, bill, cost_rates
from lambdasim.cost.price_book import Item, PriceBook, Tier

__all__ = ["Bill", "BillLine", "CostRates", "Item", "PriceBook", "Tier", "bill", "cost_rates"]
