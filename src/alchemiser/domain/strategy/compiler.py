"""
Forms to a strategy: every clause checked, equal sub-trees one object.

1. check that the text is one `defsymphony` and read its name and rebalancing;
2. walk the body with an explicit stack: draft each clause, compile what it needs, build its node;
3. make every node that equals an earlier one that earlier object;
4. lower the tree to a plan, and derive from it fingerprint and requirements.
"""

import re
from decimal import Decimal

from alchemiser.domain.errors import DslCompileError
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.collector import collector_paused
from alchemiser.domain.strategy.drafts import (
    Draft,
    Intern,
    decimal_of,
    described,
    node_of,
    refuse,
    symbol_of,
)
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Str, Sym, Vector
from alchemiser.domain.strategy.holdings import (
    asset_draft,
    filter_draft,
    group_draft,
    if_draft,
    weight_equal_draft,
    weight_inverse_volatility_draft,
    weight_specified_draft,
)
from alchemiser.domain.strategy.measures import (
    COMPARISONS,
    CONNECTIVES,
    compare_draft,
    connective_draft,
    head_indicator,
    indicator_draft,
)
from alchemiser.domain.strategy.plan import lower
from alchemiser.domain.strategy.reader import read, read_apart
from alchemiser.domain.strategy.requirements import requirements_of
from alchemiser.domain.strategy.stock import Stock
from alchemiser.domain.strategy.symphony import Symphony

NAME_LIMIT = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_CLAUSES = {
    "asset": asset_draft,
    "group": group_draft,
    "weight-equal": weight_equal_draft,
    "weight-specified": weight_specified_draft,
    "weight-inverse-volatility": weight_inverse_volatility_draft,
    "filter": filter_draft,
}
_BRANCHES = ("if", "if-then-else")

OPERATORS: tuple[str, ...] = (
    "defsymphony",
    *_CLAUSES,
    *_BRANCHES,
    "select-top",
    "select-bottom",
    *COMPARISONS,
    *CONNECTIVES,
    "unimplemented",
)


def compile_text(text: str, *, file: str = "<text>", stock: Stock | None = None) -> Symphony:
    """
    Compile a strategy text.

    Args:
        text: the strategy.
        file: its name in errors.
        stock: what the other files of a book have in common with it; a book compiled with one stock is compiled and
            evaluated faster, and means the same.

    Raises:
        DslSyntaxError: it cannot be read.
        DslCompileError: it can be read but is no strategy; points at the form that is wrong.
    """
    stock = stock or Stock()
    with collector_paused():
        try:
            return _symphony(read(text, file=file, shelf=stock.shelf), file, stock)
        except DslCompileError:
            # Shared forms stand where they occur first; read apart, the error points at the very place.
            return _symphony(read_apart(text, file=file), file, Stock())


def compile_form(form: Form, *, file: str) -> Symphony:
    """
    Compile a strategy that was read already, or made from another notation.

    Raises:
        DslCompileError: it is no strategy; points at the form that is wrong, by its source.
    """
    return _symphony((form,), file, Stock())


def _symphony(forms: tuple[Form, ...], file: str, stock: Stock) -> Symphony:
    match forms:
        case ():
            problem = 'expected (defsymphony "name" {…} body), found an empty text'
            raise DslCompileError(problem, span=None, file=file)
        case (List(items=(Sym(name="defsymphony"), Str() as name, Map() as settings, body)), *rest):
            if rest:
                refuse(rest[0], f"expected the end of the text after defsymphony, found {described(rest[0])}")
        case (first, *_):
            refuse(first, f'expected (defsymphony "name" {{…}} body), found {described(first)}')
    if not 1 <= len(name.value.strip()) <= NAME_LIMIT:
        refuse(name, f"expected a name of 1 to {NAME_LIMIT} characters, found {len(name.value)}")
    if _CONTROL.search(name.value):
        refuse(name, f"expected a name without control characters, found {described(name)}")
    rebalance = _rebalance(settings)
    match body:
        case Vector(items=(List() as only,)):
            body = only
        case _:
            pass
    root = node_of(_compiled(body, stock), body)
    plan = lower(root, stock.graph)
    return Symphony(
        name=name.value.strip(),
        file=file,
        root=root,
        plan=plan,
        rebalance=rebalance,
        fingerprint=plan.digest(rebalance),
        requirements=requirements_of(plan),
    )


def _compiled(root: Form, stock: Stock) -> ast.Part:
    done = stock.parts
    drafts: dict[Form, Draft] = {}
    stack = [root]
    while stack:
        form = stack[-1]
        if form in done:
            stack.pop()
            continue
        draft = drafts.get(form)
        if draft is None:
            draft = drafts[form] = _draft(form, stock.intern)
            missing = [needed for needed in draft.needs if needed not in done]
            if missing:
                stack.extend(reversed(missing))
                continue
        done[form] = stock.intern(draft.build([done[needed] for needed in draft.needs]))
        stack.pop()
    return done[root]


def _draft(form: Form, intern: Intern) -> Draft:
    match form:
        case Num():
            value = decimal_of(form, "a number")
            return Draft(build=lambda _: ast.Number(value=value))
        case Str():
            symbol = symbol_of(form)
            return Draft(build=lambda _: ast.Asset(symbol=symbol))
        case List(items=(head, *_)):
            return _clause(form, head, intern)
        case _:
            refuse(form, f'expected a clause such as (asset "SPY" nil), found {described(form)}')


def _clause(form: List, head: Form, intern: Intern) -> Draft:
    indicator = head_indicator(form)
    if indicator is not None:
        return indicator_draft(form, indicator)
    name = head.name if isinstance(head, Sym) else ""
    clause = _CLAUSES.get(name)
    if clause is not None:
        return clause(form)
    if name in _BRANCHES:
        return if_draft(form, intern)
    if name in COMPARISONS:
        return compare_draft(form, name)
    if name in CONNECTIVES:
        return connective_draft(form, name)
    refuse(head, f"expected an operator or indicator (docs/dsl.md lists them), found {described(head)}")


def _rebalance(settings: Map) -> ast.Rebalance:
    entries: dict[str, Form] = {}
    for key, value in zip(settings.items[::2], [*settings.items[1::2], settings], strict=False):
        if not isinstance(key, Kw) or key.name not in {"asset-class", "rebalance-frequency", "rebalance-threshold"}:
            refuse(key, f"expected :asset-class, :rebalance-frequency or :rebalance-threshold, found {described(key)}")
        if key.name in entries:
            refuse(key, f"expected {described(key)} once, found it again")
        if value is settings:
            refuse(key, f"expected a value after {described(key)}, found none")
        entries[key.name] = value
    _check_asset_class(entries.get("asset-class"))
    frequency = _frequency(entries.get("rebalance-frequency"))
    threshold = entries.get("rebalance-threshold")
    if threshold is None:
        return ast.Periodic(frequency=frequency or ast.Frequency.DAILY)
    if frequency not in {None, ast.Frequency.NONE}:
        refuse(threshold, "expected either :rebalance-frequency or :rebalance-threshold, found both")
    width = decimal_of(threshold, "a rebalance threshold")
    if not Decimal(0) < width < Decimal(1):
        refuse(threshold, f"expected a rebalance threshold between 0 and 1, a fraction, found {width}")
    return ast.Corridor(width=width)


def _check_asset_class(form: Form | None) -> None:
    match form:
        case None | Str(value="EQUITIES"):
            return
        case _:
            refuse(form, f'expected the asset class "EQUITIES", found {described(form)}')


def _frequency(form: Form | None) -> ast.Frequency | None:
    match form:
        case None:
            return None
        case Kw(name=name) if name in list(ast.Frequency):
            return ast.Frequency(name)
        case _:
            known = ", ".join(f":{frequency}" for frequency in ast.Frequency)
            refuse(form, f"expected a frequency ({known}), found {described(form)}")
