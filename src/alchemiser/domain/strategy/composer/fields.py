"""
What each step of Composer's tree may hold: fields that are read, fields that mean nothing, and no others.

A field that is neither could change the meaning, so it is refused; a field that is null is as good as missing.
"""

from collections.abc import Mapping

from alchemiser.domain.strategy.composer.spots import Spot

# Fields that editors and the API add and that change no weight. `name` is read at root and group only, `weight` below
# `wt-cash-specified` only.
COSMETIC = frozenset(
    {
        "id",
        "uuid",
        "name",
        "description",
        "weight",
        "exchange",
        "price",
        "dollar_volume",
        "has_marketcap",
        "children-count",
        "collapsed?",
        "collapsed",
        "color",
        "notes",
        "tags",
        "hashtag",
        "hashtags",
        "created_at",
        "updated_at",
        "last-edited",
        "suppress-incomplete-warnings",
    }
)
_LHS = frozenset({"lhs-fn", "lhs-val", "lhs-fn-params", "lhs-window-days"})
_RHS = frozenset({"rhs-fn", "rhs-val", "rhs-fn-params", "rhs-window-days", "rhs-fixed-value?"})
CONDITION = _LHS | _RHS | {"comparator", "condition"}
_ASSET_CLASSES = frozenset({"asset_class", "asset_classes", "asset-class", "asset-classes"})
FIELDS: Mapping[str, frozenset[str]] = {
    "root": frozenset({"children", "rebalance", "rebalance-corridor-width"}) | _ASSET_CLASSES,
    "asset": frozenset({"ticker", "children"}),
    "empty": frozenset({"children"}),
    "filter": frozenset(
        {
            "children",
            "sort-by-fn",
            "sort-by-fn-params",
            "sort-by-window-days",
            "sort-by?",
            "select-fn",
            "select-n",
            "select?",
        }
    ),
    "group": frozenset({"children"}),
    "if": frozenset({"children"}),
    "if-child": frozenset({"children", "is-else-condition?"}) | CONDITION,
    "wt-cash-equal": frozenset({"children"}),
    "wt-cash-specified": frozenset({"children"}),
    "wt-inverse-vol": frozenset({"children", "window-days"}),
}
_WITH_STEP = {step: fields | {"step"} for step, fields in FIELDS.items()}
_WEIGHTS = ("wt-cash-equal", "wt-cash-specified", "wt-inverse-vol")


def step_of(spot: Spot) -> str:
    """
    Return the step of a node and check that it holds nothing unknown.
    """
    step = spot.field("step")
    if not isinstance(step, str):
        step = spot.entry("step").word('a step such as "asset" or "if"')
    if step == "wt-marketcap":
        spot.entry("step").refuse(
            'expected weights that closes decide, found "wt-marketcap"; no market capitalisations are loaded, '
            "weight the children another way"
        )
    if step not in FIELDS:
        spot.entry("step").refuse(f"expected a step ({', '.join(sorted(FIELDS))}), found {spot.entry('step').found}")
    check_fields(spot, _WITH_STEP[step], step)
    return step


def is_weight(step: str) -> bool:
    """
    Tell whether a step weights its children.
    """
    return step in _WEIGHTS


def check_fields(spot: Spot, known: frozenset[str], what: str) -> None:
    """
    Refuse a field that is neither known here nor cosmetic.
    """
    if not isinstance(spot.value, Mapping):
        spot.refuse(f"expected an object, found {spot.found}")
    for key, value in spot.value.items():
        if key not in known and key not in COSMETIC and value is not None:
            spot.entry(key).refuse(
                f"expected only fields that {what} has ({', '.join(sorted(known - {'step'}))}), found {key[:40]!r}, "
                "which could change the meaning"
            )


def check_claim(spot: Spot) -> None:
    """
    Refuse a switch that is there and is not true.
    """
    if spot.value is not None and spot.value is not True:
        spot.refuse(f"expected true or no such field, found {spot.found}")


def claims(spot: Spot) -> bool:
    """
    Return whether a switch is on; a missing one is off.
    """
    if spot.value is not None and not isinstance(spot.value, bool):
        spot.refuse(f"expected true or false, found {spot.found}")
    return spot.value is True
