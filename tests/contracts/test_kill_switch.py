"""
What every kill switch owes: it holds for every process until it is lifted, and says why.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from alchemiser.application.ports.switch import KillSwitch
from alchemiser.domain.errors import ConfigurationError, RecordsError
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.migrate import open_again, prepare_database
from alchemiser.infrastructure.sql.switch import SqlSwitch
from alchemiser.infrastructure.switch import Switches, SwitchFile, from_setting, from_variable
from support.builders import START, after
from support.databases import PLACES, a_postgres, an_empty_postgres, opened

T = TypeVar("T")


@pytest.fixture(params=["a file", *PLACES, "a file and a database"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], KillSwitch]]:
    """
    How a process opens the switch: each call is another process.
    """
    file = tmp_path / "stop" / "HALT"
    if request.param == "a file":
        yield lambda: SwitchFile(file)
        return
    for database in opened(request.param if request.param in PLACES else "file", tmp_path):
        alone = SqlSwitch(partial(_itself, database))
        both = Switches((SwitchFile(file), alone), fixed={})
        yield partial(_itself, alone if request.param in PLACES else both)


def _itself(one: T) -> T:
    return one


class TestKillSwitch:
    def test_is_off_at_first(self, opening: Callable[[], KillSwitch]) -> None:
        """
        Nobody has to turn anything off before the first run.
        """
        assert "" == opening().reason()

    def test_holds_for_every_process(self, opening: Callable[[], KillSwitch]) -> None:
        """
        Who opens it after it was turned on is told why, and since when.
        """
        problems = opening().halt("looks odd", at=START)

        assert () == problems
        assert "looks odd, since 2026-07-31 19:45:00 UTC" in opening().reason()

    def test_is_lifted_for_every_process(self, opening: Callable[[], KillSwitch]) -> None:
        """
        However often it was turned on, one lift turns it off; a lift more changes nothing.
        """
        opening().halt("first", at=START)
        opening().halt("second", at=after(1))

        opening().lift(at=after(2))
        opening().lift(at=after(3))

        assert "" == opening().reason()

    def test_can_be_turned_on_again(self, opening: Callable[[], KillSwitch]) -> None:
        """
        The latest reason counts.
        """
        opening().halt("first", at=START)
        opening().lift(at=after(1))

        opening().halt("second", at=after(2))

        assert "second" in opening().reason()


def test_a_file_that_is_there_is_enough(tmp_path: Path) -> None:
    """
    Anyone who can make a file can stop the trading.
    """
    (tmp_path / "HALT").touch()

    assert "no reason is given" in SwitchFile(tmp_path / "HALT").reason()


def test_a_file_that_cannot_be_read_holds(tmp_path: Path) -> None:
    """
    What stands in the file's place and is none stops the trading, too.
    """
    (tmp_path / "HALT").mkdir()

    assert "cannot be read" in SwitchFile(tmp_path / "HALT").reason()


def test_holds_with_the_database_down(tmp_path: Path) -> None:
    """
    The file alone is enough; what could not be told is said.
    """

    def down() -> Database:
        raise RecordsError("the database is down")

    switch = Switches((SwitchFile(tmp_path / "HALT"), SqlSwitch(down)), fixed={})

    problems = switch.halt("looks odd", at=START)

    assert ("the database is down",) == problems
    assert "looks odd" in switch.reason()


def test_says_so_when_nothing_holds(tmp_path: Path) -> None:
    """
    A halt that reached no switch is an error, not a comfort.
    """
    (tmp_path / "file").touch()
    switch = Switches((SwitchFile(tmp_path / "file" / "HALT"),), fixed={})

    with pytest.raises(RecordsError, match="found none"):
        switch.halt("looks odd", at=START)


def test_is_not_off_when_it_cannot_be_read(tmp_path: Path) -> None:
    """
    While the database is down nobody can say that the switch is off.
    """

    def down() -> Database:
        raise RecordsError("the database is down")

    with pytest.raises(RecordsError, match="is down"):
        Switches((SwitchFile(tmp_path / "HALT"), SqlSwitch(down)), fixed={}).reason()


@pytest.mark.parametrize(
    ("fixed", "words"),
    [
        pytest.param(from_variable({"ALCHEMISER_HALT": "1"}), "variable ALCHEMISER_HALT", id="variable"),
        pytest.param(from_setting(is_halted=True), "halted of the profile", id="setting"),
    ],
)
def test_what_can_only_be_read_has_to_be_taken_back_where_it_was_made(
    tmp_path: Path, fixed: Callable[[], str], words: str
) -> None:
    """
    A lift that leaves a variable or a setting in force is refused and says what to do.
    """
    switch = Switches((SwitchFile(tmp_path / "HALT"),), fixed={"take it back": fixed})

    assert words in switch.reason()
    with pytest.raises(ConfigurationError, match="take it back"):
        switch.lift(at=START)


def test_a_server_is_told_from_another_process() -> None:
    """
    A halt reaches the records on PostgreSQL beside whoever trades on them; an empty database is nothing to tell.
    """
    with a_postgres() as url, an_empty_postgres() as empty:
        trading = prepare_database(url)
        telling = open_again(url)
        SqlSwitch(lambda: telling).halt("looks odd", at=START)
        told = SqlSwitch(lambda: trading).reason()
        nothing = open_again(empty)
        for database in (trading, telling):
            if database is not None:
                database.close()

    assert "looks odd" in told
    assert nothing is None


def test_nothing_recorded_yet_is_no_problem(tmp_path: Path) -> None:
    """
    Before the first run there are no records to tell, and the file is not made for it.
    """
    url = f"sqlite:///{tmp_path}/records.sqlite3"
    switch = SqlSwitch(lambda: open_again(url))

    assert ((), "") == (switch.halt("looks odd", at=START), switch.reason())
    assert [] == list(tmp_path.iterdir())
