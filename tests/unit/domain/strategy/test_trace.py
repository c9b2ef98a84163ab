from decimal import Decimal

from pydantic import TypeAdapter

from alchemiser.domain.strategy.signal import Score, Signal
from alchemiser.domain.strategy.trace import ExplainedNode
from support.symphonies import NAN, evaluated
from support.trees import days

AAA, BBB = '(asset "AAA" nil)', '(asset "BBB" nil)'
UP = '(> (cumulative-return "AAA" {:window 1}) 0)'
BODY = f"""
(weight-equal
  [(group "Trend" [(if (and {UP} (> (current-price "BBB") 100)) [{AAA}]
     [(filter (cumulative-return {{:window 2}}) (select-top 1) [{AAA} (group "Bees" [{BBB}]) (asset "CCC" nil)])])])
   {BBB}])
"""
ROWS = {"AAA": [1.0, 2.0, 3.0, 4.0], "BBB": [8.0, 7.0, 6.0, 5.0], "CCC": [NAN, NAN, 1.0, 1.0]}


def test_decisions_follow_the_path_that_was_taken() -> None:
    """
    The whole condition, its parts with their values, then the filter of the branch taken.
    """
    decisions = evaluated(BODY, **ROWS).signal(days(4)[-1]).decisions

    assert [
        ("condition", "false", "Test > weight-equal 1 > Trend > if"),
        ("condition", "true", "Test > weight-equal 1 > Trend > if"),
        ("condition", "false", "Test > weight-equal 1 > Trend > if"),
        ("filter", "AAA", "Test > weight-equal 1 > Trend > if > else > filter"),
    ] == [(decision.kind, decision.outcome, decision.path) for decision in decisions]


def test_a_comparison_shows_its_sides_and_margin() -> None:
    """
    Left, right and left minus right, to six decimals.
    """
    decision = evaluated(BODY, **ROWS).signal(days(4)[-1]).decisions[1]

    assert UP == decision.node
    assert (Decimal("33.333333"), Decimal("0.000000"), Decimal("33.333333")) == (
        decision.left,
        decision.right,
        decision.margin,
    )


def test_a_filter_shows_scores_shares_and_who_was_left_out() -> None:
    """
    Every candidate by name, in source order; one of a short history has no score.
    """
    decision = evaluated(BODY, **ROWS).signal(days(4)[-1]).decisions[3]

    assert ("CCC",) == decision.left_out
    assert (
        Score(candidate="AAA", value=Decimal("100.000000"), share=Decimal("1.000000")),
        Score(candidate="Bees", value=Decimal("-28.571429"), share=Decimal("0.000000")),
        Score(candidate="CCC", value=None, share=Decimal("0.000000")),
    ) == decision.scores


def test_an_explanation_is_the_tree_with_what_is_held() -> None:
    """
    Held nodes are expanded with their weight, the branch not taken is named and left.
    """
    tree = evaluated(BODY, **ROWS).explain(days(4)[-1])

    branch = tree.children[0].children[0]
    assert ("if", "held", Decimal("0.500000")) == (branch.kind, branch.state, branch.weight)
    assert [("condition", "held"), ("asset", "not held"), ("filter", "held")] == [
        (child.kind, child.state) for child in branch.children
    ]
    assert ["held", "not held", "left out"] == [child.state for child in branch.children[2].children]


def test_an_undefined_session_is_explained_to_where_it_stops() -> None:
    """
    The node that could not be decided says why; its neighbours are explained as ever.
    """
    tree = evaluated(BODY, **ROWS).explain(days(4)[0])

    choice, neighbour = tree.children[0].children[0].children[2], tree.children[1]
    assert ("filter", "undefined") == (choice.kind, choice.state)
    assert choice.why.startswith("AAA has 1 of the 3 closes that are needed; BBB has 1 of")
    assert ("AAA", "BBB", "CCC") == choice.symbols
    assert neighbour.state == "held"


def test_signals_and_explanations_survive_the_wire() -> None:
    """
    What is written as JSON and read back is equal.
    """
    evaluation = evaluated(BODY, **ROWS)
    signal, tree = evaluation.signal(days(4)[-1]), evaluation.explain(days(4)[-1])
    signals, trees = TypeAdapter(Signal), TypeAdapter(ExplainedNode)

    assert signal == signals.validate_json(signals.dump_json(signal))
    assert tree == trees.validate_json(trees.dump_json(tree))
