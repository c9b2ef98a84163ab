"""
Texts from the grammar: every form, spelling, indicator and setting, a third of the texts spoiled somewhere.

A spoiled text has a form of one kind where another kind belongs, so it gets deeper into the compiler than damaged
characters do.
"""

from collections.abc import Callable

from alchemiser.domain.indicators.registry import INDICATORS, Indicator
from alchemiser.domain.strategy.ast import Frequency
from alchemiser.domain.strategy.measures import COMPARISONS
from fuzz.dice import Dice

_DEEPEST = 6
_SPOILED_ONE_IN = 3
_TICKERS = ("SPY", "TLT", "BRK/B", "BF.B", "EQUITIES::SOXL//USD", "TQQQ", "UVXY", "BIL")
_NUMBERS = ("0", "1", "-33", "62.1995", "+7", ".5", "1e3", "79", "-0.0", "999999999999999999", "1e-30")
_WEIGHTS = ("0", "0.5", "33.3333333333333333", "60", "1e-9", "100")
_NAMES = ("A", "Same name", 'quoted \\"name\\"', "line\\nbreak", "naïve ✓", "")
_WINDOWS = ("2", "3", "10", "200", "10000", "0", "1", "-5", "2.5", "10001", "1e4", "99999999999999999999")
_SMALL = ("2", "3", "10", "20", "200")


class Grammar:
    """
    Makes one text.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._is_spoiled = dice.happens(_SPOILED_ONE_IN)

    def strategy(self) -> str:
        """
        Return a whole text.
        """
        dice = self._dice
        settings: list[str] = []
        if not dice.happens(3):
            settings.append(':asset-class "EQUITIES"')
        match dice.below(3):
            case 0:
                settings.append(f":rebalance-frequency :{dice.pick(list(Frequency))}")
            case 1:
                settings.append(f":rebalance-threshold {dice.pick(('0.05', '0.1', '.999', '1', '0'))}")
            case _:
                pass
        body = self._holding(0)
        body = f"[{body}]" if dice.happens(4) else body
        return f'(defsymphony "{dice.pick(_NAMES[:3])}" {{{", ".join(settings)}}}{self._gap()}{body})'

    def _holding(self, depth: int) -> str:
        if self._goes_wrong():
            return self._anything(depth)
        dice = self._dice
        if depth >= _DEEPEST or dice.below(_DEEPEST) < depth:
            return self._asset()
        makers: tuple[Callable[[int], str], ...] = (
            self._group,
            self._equal,
            self._specified,
            self._inverse_volatility,
            self._branch,
            self._branch,
            self._filter,
        )
        return dice.pick(makers)(depth + 1)

    def _asset(self) -> str:
        dice = self._dice
        return f'(asset "{dice.pick(_TICKERS)}"{dice.pick(("", " nil", f" {self._name()}"))})'

    def _group(self, depth: int) -> str:
        child = self._holding(depth)
        return f"(group {self._name()} {child if self._dice.happens(4) else f'[{child}]'})"

    def _equal(self, depth: int) -> str:
        return f"(weight-equal {self._holdings(depth, 4)})"

    def _specified(self, depth: int) -> str:
        dice = self._dice
        count = 1 + dice.below(3)
        if dice.happens(3):
            name = dice.pick(("", " nil"))
            pairs = [f'(asset "{dice.pick(_TICKERS)}"{name} {dice.pick(_WEIGHTS)})' for _ in range(count)]
            return f"(weight-specified [{' '.join(pairs)}])"
        pairs = [f"{dice.pick(_WEIGHTS)} {self._holding(depth)}" for _ in range(count)]
        return f"(weight-specified {self._gap().join(pairs)})"

    def _inverse_volatility(self, depth: int) -> str:
        return f"(weight-inverse-volatility {self._window()} {self._holdings(depth, 3)})"

    def _branch(self, depth: int) -> str:
        word = self._dice.pick(("if", "if", "if-then-else"))
        otherwise = self._dice.pick(("", self._holdings(depth, 2)))
        then = self._holding(depth) if self._dice.happens(4) else self._holdings(depth, 2)
        return f"({word} {self._condition(depth)}{self._gap()}{then}{self._gap()}{otherwise})"

    def _filter(self, depth: int) -> str:
        score = f"({self._spelt(indicator := self._dice.pick(INDICATORS))} {self._parameters(indicator)})"
        select = f"(select-{self._dice.pick(('top', 'bottom'))} {self._dice.pick(('1', '2', '3', '100000'))})"
        return f"(filter {score} {select} {self._holdings(depth, 4)})"

    def _condition(self, depth: int) -> str:
        if self._goes_wrong():
            return self._anything(depth)
        dice = self._dice
        if depth < _DEEPEST and dice.happens(4):
            word = dice.pick(("and", "or", "not"))
            count = 1 if word == "not" else 1 + dice.below(3)
            return f"({word} {' '.join(self._condition(depth + 1) for _ in range(count))})"
        return f"({dice.pick(COMPARISONS)} {self._operand(depth)} {self._operand(depth)})"

    def _operand(self, depth: int) -> str:
        if self._goes_wrong():
            return self._anything(depth)
        dice = self._dice
        if dice.happens(3):
            return dice.pick(_NUMBERS[:-1])
        indicator = dice.pick(INDICATORS)
        spelt, parameters = self._spelt(indicator), self._parameters(indicator)
        subject = self._holding(depth + 2) if dice.happens(4) else f'"{dice.pick(_TICKERS)}"'
        parts = (parameters, subject) if dice.happens(2) else (subject, parameters)
        return f"({spelt} {' '.join(parts)})"

    def _spelt(self, indicator: Indicator) -> str:
        name = self._dice.pick((indicator.name, *indicator.synonyms))
        return f"(unimplemented :{name})" if self._dice.happens(5) else name

    def _parameters(self, indicator: Indicator) -> str:
        names = [parameter.name for parameter in indicator.parameters]
        if names == ["window"] and self._dice.happens(5):
            return self._window()
        windows = {"short-window": "12", "long-window": "26", "smooth-window": "9", "standard-deviations": "1.5"}
        entries = [f":{name} {windows.get(name) or self._window()}" for name in names]
        return f"{{{', '.join(entries)}}}" if entries else ""

    def _holdings(self, depth: int, most: int) -> str:
        several = [self._holding(depth) for _ in range(1 + self._dice.below(most))]
        return f"[{self._gap().join(several)}]"

    def _window(self) -> str:
        return self._dice.pick(_WINDOWS if self._goes_wrong() else _SMALL)

    def _name(self) -> str:
        return f'"{self._dice.pick(_NAMES)}"'

    def _gap(self) -> str:
        return self._dice.pick((" ", " ", ", ", "\n  ", ' ; a comment ) ] "\n'))

    def _goes_wrong(self) -> bool:
        return self._is_spoiled and self._dice.happens(12)

    def _anything(self, depth: int) -> str:
        dice = self._dice
        match dice.below(8):
            case 0:
                return dice.pick(_NUMBERS)
            case 1:
                return self._name()
            case 2:
                return dice.pick(("nil", "true", "weight-random", ":window", "()", "[]", "{}", "{:window}"))
            case 3:
                return f"({dice.pick(('asset', 'group', 'filter', 'if', 'not', 'rsi', '((unimplemented :rsi))'))})"
            case 4:
                return f"(> {dice.pick(_NUMBERS)} {dice.pick(_NUMBERS)})"
            case 5:
                return f'(rsi "SPY" {dice.pick(_WINDOWS)})'
            case 6:
                return self._holdings(min(depth + 3, _DEEPEST), 2)
            case _:
                return self._asset()


def made(dice: Dice) -> str:
    """
    Return a text made from the grammar.
    """
    return Grammar(dice).strategy()
