"""
What the owner is told of beside the decisions: targets that are held on to, conditions close to their threshold.
"""

from decimal import Decimal

from alchemiser.application.reasons import share_text, short_text
from alchemiser.domain.strategy.flip import Flip
from alchemiser.domain.strategy.rebalance import Hold

_LONGEST = 120
_ANSWERS = {"true": ("yes", "no"), "false": ("no", "yes")}


def held_words(hold: Hold) -> str:
    """
    Return since when a target is held, and what the strategy would want were it due.
    """
    rows = sorted(hold.wanted.items(), key=lambda item: (-item[1], item[0]))
    wanted = ", ".join(f"{symbol} {share_text(weight)}" for symbol, weight in rows) or "cash"
    return f"held since {hold.accepted.session}; were it due it would want {wanted}"


def flip_words(flip: Flip) -> str:
    """
    Return which close turns a condition over.

        rsi(XLK, 10) > rsi(KMLM, 10) is no; yes if KMLM closes 1.65 % lower, at 28.83
    """
    now, then = _ANSWERS[flip.outcome]
    text = short_text(flip.node)
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    direction = "higher" if flip.move_pct > 0 else "lower"
    return (
        f"{shown} is {now}; {then} if {flip.symbol} closes {_move(abs(flip.move_pct))} % {direction}, at {_close(flip)}"
    )


def _move(percent: Decimal) -> str:
    return f"{percent:.2f}" if percent >= Decimal("0.01") else f"{percent:.4f}"


def _close(flip: Flip) -> str:
    return f"{flip.close:.2f}" if flip.close >= 1 else f"{flip.close:.4f}"
