"""
The gate.
"""

from dataclasses import dataclass

from alchemiser.domain.execution.order import OrderBody


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedOrder:
    """
    An order body that passed every rail.
    """

    body: OrderBody
