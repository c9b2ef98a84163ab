from dataclasses import replace
from html.parser import HTMLParser

import pytest

from alchemiser.application.ports.reports import RunReport
from alchemiser.domain.events import Outcome
from alchemiser.domain.execution.order import TradeStatus
from alchemiser.infrastructure.reports.renderer import TemplateRenderer
from support.builders import a_body, a_position, a_trade, an_account, an_intent
from support.reports import OVERBOUGHT, a_decided, a_plan_that_holds, a_report, a_run, an_undecided


@pytest.fixture(scope="module")
def renderer() -> TemplateRenderer:
    return TemplateRenderer()


def an_empty_report(outcome: Outcome | None, detail: str = "") -> RunReport:
    """
    Return the report of a run of which nothing but its start is recorded.
    """
    run = replace(a_run(outcome, detail), opening=None, closing=None, finished_at=None)
    return RunReport(run=run, signals=(), plan=None, trades=(), fills=(), warnings=())


def test_the_subject_tells_outcome_trades_session_and_account(renderer: TemplateRenderer) -> None:
    """
    The subject line tells how it ended, how many trades there were, when and where.
    """
    rendered = renderer.render(a_report())

    assert "Success: 2 trades on 2026-07-31, account TEST0001" == rendered.subject


@pytest.mark.parametrize(
    "words",
    [
        "the 10-day RSI of SPY is 62.41, not above 79",
        "highest 9-day RSI: BSV (45.10) before SQQQ (31.20); left out for a short history: OKLO",
        "15:46:05  rung 2 at 85 %  99.7 at 100.07  quote 99.90 / 100.10  cancelled, 99.5 filled",
        "sell AAPL: 50 of 50 shares, done, average 99.95, arrival 100.00, +5.0 bps",
        "15:46:10  buy   BSV     99.5  100.07  $9,956.96   100.00  +7.0 bps",
        "Change                -$1.00   -0.01 %",
        "BSV   99.70 %  only 99.70 %",
        "  ! Nuclear: OKLO left out, history too short",
        "started 2026-07-31 15:45:00 EDT, finished 2026-07-31 15:50:00 EDT",
    ],
)
def test_the_text_tells_the_whole_story(renderer: TemplateRenderer, words: str) -> None:
    """
    The text holds reasons, rungs, fills, figures, contributions, warnings and New York times.
    """
    assert words in renderer.render(a_report()).text


def test_a_holding_is_shown_with_its_reason(renderer: TemplateRenderer) -> None:
    """
    A plan line that trades nothing tells why.
    """
    report = replace(a_report(), plan=a_plan_that_holds(), trades=(), fills=())

    line = next(line for line in renderer.render(report).text.splitlines() if "hold" in line)

    assert "on target" in line


def test_text_and_html_name_run_and_plan(renderer: TemplateRenderer) -> None:
    """
    Both forms carry the run's id and the plan's hash.
    """
    report = a_report()
    assert report.plan is not None

    rendered = renderer.render(report)

    for words in (rendered.text, rendered.html):
        assert report.run.id in words
        assert report.plan.hash in words


def test_values_are_escaped_in_html(renderer: TemplateRenderer) -> None:
    """
    A strategy's name cannot put markup into the page.
    """
    report = replace(a_report(), signals=(a_decided("<script>alert(1)</script>"),), warnings=('<img src="x">',))

    html = renderer.render(report).html

    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_control_characters_stay_out_of_the_text(renderer: TemplateRenderer) -> None:
    """
    A name cannot steer a terminal or begin a line of its own.
    """
    report = replace(a_report(), signals=(a_decided("Nice\x1b[2J\nFAKE"),))

    text = renderer.render(report).text

    assert "\x1b" not in text
    assert "Nice [2J FAKE" in text


def test_the_html_stands_alone(renderer: TemplateRenderer) -> None:
    """
    Nothing is fetched and no script runs.
    """
    page = _Page()

    page.feed(renderer.render(a_report()).html)

    assert {"script", "link", "img", "iframe"} & page.tags == set()
    assert {"src", "href"} & page.attributes == set()


def test_every_tag_is_closed(renderer: TemplateRenderer) -> None:
    """
    The page is well formed.
    """
    page = _Page()

    page.feed(renderer.render(a_report()).html)

    assert [] == page.open_tags


def test_the_same_report_gives_the_same_words(renderer: TemplateRenderer) -> None:
    """
    Rendering twice gives equal text and HTML.
    """
    assert TemplateRenderer().render(a_report()) == renderer.render(a_report())


@pytest.mark.parametrize("outcome", [*Outcome, None])
def test_a_run_that_recorded_nothing_can_be_told(renderer: TemplateRenderer, outcome: Outcome | None) -> None:
    """
    However early a run ended, its report says how and why.
    """
    rendered = renderer.render(an_empty_report(outcome, detail="the market is closed"))

    assert "the market is closed" in rendered.text
    assert "the market is closed" in rendered.html
    assert "no trades" in rendered.subject


def test_a_strategy_without_a_signal_says_why(renderer: TemplateRenderer) -> None:
    """
    A strategy that could not decide is shown with its reason beside one that could.
    """
    signals = (an_undecided("TECL", "no bars of KMLM"), a_decided("Nuclear", OVERBOUGHT))

    rendered = renderer.render(replace(an_empty_report(Outcome.FAILED), signals=signals))

    assert "no signal: no bars of KMLM" in rendered.text
    assert "No signal: no bars of KMLM" in rendered.html


def test_an_account_all_in_cash_can_be_told(renderer: TemplateRenderer) -> None:
    """
    No weight, no trade and no position make a report too.
    """
    cash = an_account(cash="0")
    report = replace(
        an_empty_report(Outcome.SUCCESS),
        run=replace(a_run(), opening=cash, closing=cash),
        signals=(a_decided("Nuclear", weights={}),),
    )

    assert "all in cash" in renderer.render(report).text


def test_an_unfinished_trade_shows_what_is_known(renderer: TemplateRenderer) -> None:
    """
    A trade without a fill shows its attempts and why it stopped.
    """
    trade = a_trade(status=TradeStatus.UNRESOLVED, intents=(an_intent(a_body()),))
    trade = replace(trade, reason="nobody answered")

    text = renderer.render(replace(a_report(), trades=(trade,), fills=())).text

    assert "buy SPY: 0 of 10 shares, unresolved (nobody answered)" in text
    assert "sent, no answer on record" in text


def test_a_position_the_plan_never_priced_is_shown_without_value(renderer: TemplateRenderer) -> None:
    """
    A symbol without a price keeps its row; no value is made up.
    """
    run = replace(a_run(), closing=an_account(a_position("GLD", "3"), cash="10"))

    text = renderer.render(replace(a_report(), run=run)).text

    assert ["GLD", "3", "0.00", "%"] in [line.split() for line in text.splitlines()]


class _Page(HTMLParser):
    """
    Collects tags and attributes, and the tags that were never closed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open_tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in {"meta", "br"}:
            self.open_tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open_tags.pop()
