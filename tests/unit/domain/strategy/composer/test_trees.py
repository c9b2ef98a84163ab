import json

import pytest

from alchemiser.domain.strategy.composer.edn import edn_text
from alchemiser.domain.strategy.composer.jsons import json_text
from alchemiser.domain.strategy.composer.trees import foreign, tree_of
from support.symphonies import a_symphony

BODY = """(if (> (rsi "SPY" 10) 79)
 [(group "Calm" [(asset "TLT" "bonds")])]
 [(filter (max-drawdown {:window 5}) (select-bottom 1)
   [(weight-specified 0.6 (asset "SPY" nil) 0.4 (asset "TLT" nil))
    (weight-inverse-volatility 20 [(asset "SPY" nil) (asset "GLD" nil)])])])"""

JSON = """\
{
  "step": "root",
  "name": "Test",
  "asset_class": "EQUITIES",
  "rebalance": "none",
  "rebalance-corridor-width": 0.05,
  "children": [
    {
      "step": "wt-cash-equal",
      "children": [
        {
          "step": "if",
          "children": [
            {
              "step": "if-child",
              "is-else-condition?": false,
              "lhs-fn": "relative-strength-index",
              "lhs-fn-params": {"window": 10},
              "lhs-val": "SPY",
              "comparator": "gt",
              "rhs-fixed-value?": true,
              "rhs-val": 79,
              "children": [
                {"step": "group", "name": "Calm", "children": [{"step": "asset", "ticker": "TLT"}]}
              ]
            },
            {
              "step": "if-child",
              "is-else-condition?": true,
              "children": [
                {
                  "step": "filter",
                  "sort-by-fn": "max-drawdown",
                  "sort-by-fn-params": {"window": 5},
                  "select-fn": "bottom",
                  "select-n": 1,
                  "children": [
                    {
                      "step": "wt-cash-specified",
                      "children": [
                        {"step": "asset", "ticker": "SPY", "weight": {"num": 60, "den": 100}},
                        {"step": "asset", "ticker": "TLT", "weight": {"num": 40, "den": 100}}
                      ]
                    },
                    {
                      "step": "wt-inverse-vol",
                      "window-days": 20,
                      "children": [
                        {"step": "asset", "ticker": "SPY"},
                        {"step": "asset", "ticker": "GLD"}
                      ]
                    }
                  ]
                }
              ]
            }
          ]
        }
      ]
    }
  ]
}
"""


def told(body: str) -> str:
    """
    Return the JSON of a body on one line.
    """
    return json.dumps(json.loads(json_text(tree_of(a_symphony(body)))))


def test_a_strategy_has_one_canonical_json() -> None:
    """
    The tree as Composer has it, short lines, no needless digits.
    """
    assert JSON == json_text(tree_of(a_symphony(BODY, settings="{:rebalance-threshold 0.05}")))


def test_a_strategy_has_one_canonical_edn() -> None:
    """
    The words of the notation are keywords, the trader's own are strings.
    """
    wanted = """\
{:step :root,
 :name "Test",
 :asset_class "EQUITIES",
 :rebalance :daily,
 :children [{:step :wt-cash-equal, :children [{:step :asset, :ticker "SPY"}]}]}
"""

    assert wanted == edn_text(tree_of(a_symphony('(asset "SPY" nil)')))


def test_no_else_is_written_as_a_placeholder() -> None:
    """
    A branch that holds nothing is there, and empty.
    """
    assert '"is-else-condition?": true, "children": [{"step": "empty"}]' in told('(if (> 1 0) [(asset "SPY" nil)])')


@pytest.mark.parametrize(
    ("weights", "written"),
    [
        (("60", "40"), ['{"num": 60, "den": 100}', '{"num": 40, "den": 100}']),
        (("0.3333", "0.6667"), ['{"num": "33.33", "den": 100}', '{"num": "66.67", "den": 100}']),
        (("1", "2"), ['{"num": 1, "den": 3}', '{"num": 2, "den": 3}']),
    ],
)
def test_weights_are_parts_of_a_hundred_or_fractions(weights: tuple[str, str], written: list[str]) -> None:
    """
    What does not sum to one or a hundred is written as fractions of the sum.
    """
    text = told(f'(weight-specified {weights[0]} (asset "SPY" nil) {weights[1]} (asset "TLT" nil))')

    assert [True, True] == [weight in text for weight in written]


def test_connectives_are_compound_conditions() -> None:
    """
    `and` and `or` are written as the block that newer exports have.
    """
    text = told('(if (or (> (current-price "SPY") 1) (and (= (rsi "SPY" 3) (rsi "TLT" 4)))) [(asset "SPY" nil)])')

    assert '"condition": {"type": "compound", "operator": "any", "conditions": [{"type": "binary", "lhs"' in text
    assert '{"type": "compound", "operator": "all", "conditions": [{"type": "binary"' in text


@pytest.mark.parametrize(
    ("condition", "strangers"),
    [
        ('(> (rsi "SPY" 3) 1)', []),
        ('(not (> (rsi "SPY" 3) 1))', ["not"]),
        (
            '(> (rsi {:window 3} (group "G" [(asset "SPY" nil)])) 1)',
            ["an indicator of a holding that is not a ticker"],
        ),
        ('(> 1 (rsi "SPY" 3))', ["a number on the left of a comparison"]),
    ],
)
def test_what_composer_has_no_words_for_is_named(condition: str, strangers: list[str]) -> None:
    """
    Nobody hands such a text to Composer unaware.
    """
    assert strangers == list(foreign(a_symphony(f'(if {condition} [(asset "SPY" nil)])')))
