"""
What the texts compiled so far have in common: equal lines, forms, nodes and operations are kept once.

One stock serves one book: the later files find most of what they say already read, compiled and numbered.
"""

from dataclasses import dataclass, field

from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.forms import Form
from alchemiser.domain.strategy.lines import Shelf
from alchemiser.domain.strategy.plan import Graph


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stock:
    """
    Everything known, by what it says.

    Args:
        shelf: lines and forms that were read.
        parts: what each form was compiled to.
        nodes: every node, by its fields.
        graph: the operations nodes were lowered to.
    """

    shelf: Shelf = field(default_factory=Shelf)
    parts: dict[Form, ast.Part] = field(default_factory=dict)
    nodes: dict[tuple[object, ...], ast.Part] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)

    def intern(self, part: ast.Part) -> ast.Part:
        """
        Return the first node that says the same.
        """
        key = (type(part), *[getattr(part, name) for name in part.__slots__])
        return self.nodes.setdefault(key, part)
