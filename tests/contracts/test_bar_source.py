"""
What every source of bars owes, and what it does when the other side fails.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from alchemiser.application.ports.data import BarSource
from alchemiser.domain.bars.history import Action, ActionKind, Bars, day_of
from alchemiser.domain.errors import DataError, SourceRefused, SourceUnavailable
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.alpaca.bars import AlpacaBars
from alchemiser.infrastructure.alpaca.clients import data_client
from alchemiser.infrastructure.alpaca.session import AlpacaSession
from alchemiser.infrastructure.simulation.clock import ManualClock
from alchemiser.infrastructure.sources.export import write_bars
from alchemiser.infrastructure.sources.files import FileSource
from alchemiser.infrastructure.sources.http import HttpQuestions
from alchemiser.infrastructure.sources.twelvedata import TwelveDataBars
from support.lakes import LAST, NOW, simulated_source, some_bars, wavy
from support.vendors import KEY, SECRET, Fault, Vendors, serving

SPY, ARM, NONE = (Symbol(name) for name in ("SPY", "ARM", "NONE"))
FIRST = date(2023, 6, 1)
EARLY = date(2023, 1, 3)


def true_bars() -> list[Bars]:
    """
    Return what every source of these tests tells: one long history, and one that begins in September 2023.
    """
    source = simulated_source()
    return list(source.bars([SPY, ARM], first=EARLY, last=LAST))


TRUE = {one.symbol: one for one in true_bars()}


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with serving(Vendors(*TRUE.values(), page=300)) as told:
        yield told


def alpaca(vendors: Vendors, *, key: str = KEY, timeout_s: float = 5.0, attempts: int = 3) -> AlpacaBars:
    """
    Return bars through Alpaca's own client; waits take no time.
    """
    client = data_client(key, SECRET, url=vendors.url)
    return AlpacaBars(AlpacaSession(client, ManualClock(NOW), attempts=attempts, timeout_s=timeout_s))


def twelve(vendors: Vendors, *, key: str = KEY, timeout_s: float = 5.0, attempts: int = 3) -> TwelveDataBars:
    """
    Return bars through plain HTTP; waits take no time.
    """
    questions = HttpQuestions(vendors.url, ManualClock(NOW), name="twelvedata", attempts=attempts, timeout_s=timeout_s)
    return TwelveDataBars(questions, key=key)


class BarSourceContract:
    def test_bars_are_the_true_ones(self, source: BarSource) -> None:
        """
        Days and all values come as they are, each bar labelled with its source.
        """
        (bars,) = source.bars([SPY], first=FIRST, last=LAST)

        expected = TRUE[SPY].part(int((TRUE[SPY].days < bars.days[0]).sum()), len(TRUE[SPY]))
        assert np.array_equal(expected.days, bars.days)
        for name in ("opens", "highs", "lows", "closes", "adj_closes", "volumes"):
            assert np.allclose(getattr(expected, name), getattr(bars, name), rtol=1e-12), name
        assert {source.name} == {bars.sources[place] for place in bars.origins.tolist()}

    def test_both_ends_are_included(self, source: BarSource) -> None:
        """
        A range of two sessions has both.
        """
        (bars,) = source.bars([SPY], first=date(2024, 3, 27), last=LAST)

        assert [date(2024, 3, 27), LAST] == [day_of(int(day)) for day in bars.days]

    def test_a_day_without_trading_has_no_bar(self, source: BarSource) -> None:
        """
        Good Friday has none, whoever is asked.
        """
        assert [] == list(source.bars([SPY], first=date(2024, 3, 29), last=date(2024, 3, 29)))

    def test_a_symbol_without_bars_is_absent(self, source: BarSource) -> None:
        """
        The others come all the same, and nothing is made up.
        """
        found = [bars.symbol for bars in source.bars([NONE, SPY], first=FIRST, last=date(2023, 6, 30))]

        assert SPY in found
        assert NONE not in found or isinstance(source, type(simulated_source()))

    def test_a_later_listing_begins_with_its_first_bar(self, source: BarSource) -> None:
        """
        What was not listed yet has no bar.
        """
        found = {bars.symbol: bars for bars in source.bars([ARM, SPY], first=FIRST, last=LAST)}

        assert (date(2023, 9, 14), FIRST) == (found[ARM].first, found[SPY].first)

    def test_nothing_before_a_listing_is_nothing(self, source: BarSource) -> None:
        """
        A range before the first bar makes the symbol absent.
        """
        assert [] == list(source.bars([ARM], first=FIRST, last=date(2023, 8, 31)))


class TestSimulatedSource(BarSourceContract):
    """
    The seeded market.
    """

    @pytest.fixture
    def source(self) -> BarSource:
        return simulated_source()


class TestParquetSource(BarSourceContract):
    """
    A long Parquet file.
    """

    @pytest.fixture
    def source(self, tmp_path: Path) -> BarSource:
        write_bars(tmp_path / "bars.parquet", list(TRUE.values()))
        return FileSource(tmp_path / "bars.parquet")


class TestCsvSource(BarSourceContract):
    """
    A long CSV file.
    """

    @pytest.fixture
    def source(self, tmp_path: Path) -> BarSource:
        write_bars(tmp_path / "bars.csv", list(TRUE.values()))
        return FileSource(tmp_path / "bars.csv", label="vendor")


class TestAlpacaBars(BarSourceContract):
    """
    Alpaca's own client against a server with small pages.
    """

    @pytest.fixture
    def source(self, vendors: Vendors) -> BarSource:
        return alpaca(vendors)

    def test_splits_and_dividends_come_with_the_bars(self) -> None:
        """
        Actions as known are kept beside the bars, splits as new shares for an old one.
        """
        actions = [
            Action(day=date(2024, 3, 4), kind=ActionKind.SPLIT, value=4.0),
            Action(day=date(2024, 3, 5), kind=ActionKind.SPLIT, value=0.1),
            Action(day=date(2024, 3, 6), kind=ActionKind.DIVIDEND, value=0.25),
        ]
        with serving(Vendors(some_bars(wavy(60), actions=actions))) as told:
            (bars,) = alpaca(told).bars([SPY], first=FIRST, last=LAST)

        assert [(one.day, one.kind) for one in actions] == [(one.day, one.kind) for one in bars.actions]
        assert np.allclose([one.value for one in actions], [one.value for one in bars.actions])

    def test_adjusted_and_raw_closes_are_kept_apart(self) -> None:
        """
        The adjusted close is the adjusted feed's, everything else is as traded.
        """
        closes = np.array(wavy(60))
        with serving(Vendors(some_bars(wavy(60), columns={"adj_closes": closes * 0.5}))) as told:
            (bars,) = alpaca(told).bars([SPY], first=FIRST, last=LAST)

        assert np.allclose(closes, bars.closes)
        assert np.allclose(closes * 0.5, bars.adj_closes)

    def test_many_symbols_over_many_pages(self) -> None:
        """
        A hundred symbols on pages of seven bars come whole, a few pages each.
        """
        names = [f"S{number:02d}" for number in range(100)]
        with serving(Vendors(*(some_bars(wavy(5), symbol=name) for name in names), page=7)) as told:
            found = list(alpaca(told).bars([Symbol(name) for name in names], first=FIRST, last=LAST))

        assert (100, {5}) == (len(found), {len(bars) for bars in found})

    def test_a_class_of_shares_is_asked_for_in_their_spelling(self) -> None:
        """
        BRK/B is BRK.B there, and BRK/B again here.
        """
        with serving(Vendors(some_bars(wavy(5), symbol="BRK.B"))) as told:
            (bars,) = alpaca(told).bars([Symbol("BRK/B")], first=FIRST, last=LAST)

        assert "BRK/B" == bars.symbol

    def test_a_full_limit_is_waited_out(self, vendors: Vendors) -> None:
        """
        After 429 nothing is asked before the reset that the answer names.
        """
        clock = ManualClock(NOW)
        reset = str(int((NOW + timedelta(seconds=40)).timestamp()))
        limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        vendors.faults.append(
            Fault(status=429, body='{"code":42910000,"message":"rate limit exceeded"}', headers=limits)
        )
        client = data_client(KEY, SECRET, url=vendors.url)

        found = list(AlpacaBars(AlpacaSession(client, clock)).bars([SPY], first=FIRST, last=LAST))

        assert (1, NOW + timedelta(seconds=40)) == (len(found), clock.now())

    def test_a_limit_that_is_about_to_be_full_is_waited_out(self, vendors: Vendors) -> None:
        """
        When no question is left, the next one waits for the reset without being refused first.
        """
        clock = ManualClock(NOW)
        reset = str(int((NOW + timedelta(seconds=30)).timestamp()))
        limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        vendors.faults.append(Fault(body='{"bars":null,"next_page_token":null}', headers=limits))
        client = data_client(KEY, SECRET, url=vendors.url)

        list(AlpacaBars(AlpacaSession(client, clock)).bars([SPY], first=FIRST, last=LAST))

        assert NOW + timedelta(seconds=30) == clock.now()

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param('{"bars":{"SPY":[]}}', id="no token"),
            pytest.param(
                '{"bars":{"SPY":[{"t":"2024-03-28T13:30:00Z","o":1,"h":1,"l":1,"c":1,"v":1}]},"next_page_token":null}',
                id="a minute's bar",
            ),
            pytest.param(
                '{"bars":{"SPY":[{"t":"2024-03-28T04:00:00Z","o":"x","h":1,"l":1,"c":1,"v":1}]},"next_page_token":null}',
                id="text for a number",
            ),
            pytest.param(
                '{"bars":{"QQQ":[{"t":"2024-03-28T04:00:00Z","o":1,"h":1,"l":1,"c":1,"v":1}]},"next_page_token":null}',
                id="another symbol",
            ),
            pytest.param('{"bars":{"SPY":7},"next_page_token":null}', id="no list"),
            pytest.param('{"bars":[],"next_page_token":7}', id="a number for a token"),
            pytest.param("[]", id="a list"),
        ],
    )
    def test_an_answer_that_is_none_is_an_error(self, vendors: Vendors, body: str) -> None:
        """
        What is not the documented page is told, and becomes no bar.
        """
        vendors.faults.append(Fault(body=body))

        with pytest.raises(DataError, match="alpaca: expected"):
            list(alpaca(vendors).bars([SPY], first=FIRST, last=LAST))

    def test_pages_that_never_end_are_an_error(self, vendors: Vendors) -> None:
        """
        A token that was there before would go round for ever.
        """
        again = Fault(body='{"bars":{},"next_page_token":"same"}')
        vendors.faults.extend([again, again, again])

        with pytest.raises(DataError, match="expected another page's token"):
            list(alpaca(vendors).bars([SPY], first=FIRST, last=LAST))

    def test_a_day_that_only_one_of_the_feeds_has_lacks_a_close(self, vendors: Vendors) -> None:
        """
        A bar without its adjusted close is kept as such, for the checks to find.
        """
        vendors.faults.append(
            Fault(
                body='{"bars":{"SPY":[{"t":"2024-03-30T04:00:00Z","o":1,"h":1,"l":1,"c":1,"v":1}]},'
                '"next_page_token":null}'
            )
        )

        (bars,) = alpaca(vendors).bars([SPY], first=date(2024, 3, 28), last=LAST)

        assert [False, True] == np.isnan(bars.adj_closes).tolist()


class TestTwelveDataBars(BarSourceContract):
    """
    Plain HTTP against a server that puts errors into bodies.
    """

    @pytest.fixture
    def source(self, vendors: Vendors) -> BarSource:
        return twelve(vendors)

    def test_a_long_history_is_asked_for_in_pages(self) -> None:
        """
        More than 5,000 bars come in several answers, and come whole.
        """
        with serving(Vendors(some_bars(wavy(5_200)))) as told:
            (bars,) = twelve(told).bars([SPY], first=date(2000, 1, 1), last=LAST)

        assert (5_200, 4) == (len(bars), len(told.asked))

    def test_the_key_is_in_no_address(self, vendors: Vendors) -> None:
        """
        A key in an address would end in logs.
        """
        list(twelve(vendors).bars([SPY], first=FIRST, last=LAST))

        assert not any(KEY in path for path in vendors.asked)

    def test_a_limit_told_in_a_body_is_waited_out(self, vendors: Vendors) -> None:
        """
        Their 429 comes as HTTP 200 with a code inside.
        """
        clock = ManualClock(NOW)
        vendors.faults.append(Fault(body='{"code":429,"message":"You have run out of API credits","status":"error"}'))
        questions = HttpQuestions(vendors.url, clock, name="twelvedata")

        found = list(TwelveDataBars(questions, key=KEY).bars([SPY], first=FIRST, last=LAST))

        assert (1, NOW + timedelta(seconds=61)) == (len(found), clock.now())


SOURCES: dict[str, Callable[..., BarSource]] = {"alpaca": alpaca, "twelvedata": twelve}
PASSING = [
    pytest.param(Fault(status=429, body='{"message":"too many"}'), id="429"),
    pytest.param(Fault(status=500, body='{"code":50010000,"message":"internal server error"}'), id="500"),
    pytest.param(Fault(status=502, body="<html><body>Bad Gateway</body></html>"), id="502 HTML"),
    pytest.param(Fault(body="<html>maintenance</html>"), id="HTML with 200"),
    pytest.param(Fault(body='{"bars": {"SPY": [{"t"'), id="half a JSON"),
    pytest.param(Fault(body='{"bars": {}, "next_page_token": null}', drops=True), id="dropped"),
    pytest.param(Fault(hangs=True), id="hangs"),
]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again(vendors: Vendors, name: str, fault: Fault) -> None:
    """
    No definite answer once is no error: the next one counts, and the bars are whole.
    """
    vendors.faults.append(fault)

    (bars,) = SOURCES[name](vendors, timeout_s=0.3).bars([SPY], first=FIRST, last=LAST)

    assert LAST == bars.last


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("fault", PASSING)
def test_what_does_not_pass_is_an_error_that_says_so(vendors: Vendors, name: str, fault: Fault) -> None:
    """
    After the last attempt the source is unavailable, and the message says what came instead.
    """
    vendors.faults.extend([fault] * 2)

    with pytest.raises(SourceUnavailable, match=rf"{name}: expected an answer.*in 2 attempts, found"):
        list(SOURCES[name](vendors, timeout_s=0.2, attempts=2).bars([SPY], first=FIRST, last=LAST))


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_told_at_once(vendors: Vendors, name: str, status: int) -> None:
    """
    Keys that are not accepted are no matter of patience.
    """
    vendors.faults.append(Fault(status=status, body='{"message":"forbidden."}'))

    with pytest.raises(SourceRefused, match=rf"{name}: expected .* found {status}: .*forbidden"):
        list(SOURCES[name](vendors).bars([SPY], first=FIRST, last=LAST))
    assert 1 == len(vendors.asked)


@pytest.mark.parametrize("name", SOURCES)
def test_wrong_keys_are_refused(vendors: Vendors, name: str) -> None:
    """
    The vendor's own answer to a wrong key is a refusal, in whatever form it comes.
    """
    with pytest.raises(SourceRefused):
        list(SOURCES[name](vendors, key="other").bars([SPY], first=FIRST, last=LAST))


@pytest.mark.parametrize("name", SOURCES)
def test_a_question_that_makes_no_sense_is_told_at_once(vendors: Vendors, name: str) -> None:
    """
    A bad request is ours, and asking again would not help.
    """
    vendors.faults.append(Fault(status=422, body='{"message":"invalid timeframe"}'))

    with pytest.raises(DataError, match=r"found 422: .*invalid timeframe"):
        list(SOURCES[name](vendors).bars([SPY], first=FIRST, last=LAST))
    assert 1 == len(vendors.asked)
