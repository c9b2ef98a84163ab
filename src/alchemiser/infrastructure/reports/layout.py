"""
Lay words out in lines of text: one line where one is meant, columns that are aligned.
"""

from collections.abc import Sequence


def one_line(text: str) -> str:
    """
    Return text on one line, without characters that a terminal or a mail header would act on.
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def aligned(rows: Sequence[Sequence[str]], *, right: str = "", indent: int = 2) -> str:
    """
    Return rows as lines with their columns aligned.

    Args:
        right: the columns that hold numbers, by their place from 0: `"23"`.
    """
    if not rows:
        return ""
    clean = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    numeric = {int(place) for place in right}
    lines = (
        "  ".join(
            cell.rjust(width) if place in numeric else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in clean
    )
    return "\n".join(f"{' ' * indent}{line}".rstrip() for line in lines)
