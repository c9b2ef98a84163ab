"""
The commands that look after runs: worker, resume, replay, timeline, audit, deadman.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from alchemiser.application.dispatch import pump
from alchemiser.application.start import start
from alchemiser.container.houses import open_house
from alchemiser.infrastructure.sql.lock import alone_on
from alchemiser.interface.cli.main import run as run_command
from support.commands import Alchemiser, Ended
from support.houses import environment, files_below
from support.small_books import FIRST, book_of, write_books

RUN = "TEST0001-20260731-rebalance-1"
_NAMES = {
    "RECORDS__URL": "sqlite:///records.sqlite3",
    "BROKER__PATH": "broker.sqlite3",
    "OUTBOX__DIRECTORY": "outbox",
    "LOGS__PATH": "alchemiser.log",
}
_WHOLE = 10_000


def enter(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """
    Work in a folder on the small world.
    """
    patch.chdir(folder)
    patch.setenv("NO_COLOR", "1")
    for name, value in environment({**_NAMES, "STRATEGIES__PORTFOLIO": str(book_of(folder, FIRST))}).items():
        patch.setenv(name, value)


def traded(folder: Path, *, messages: int) -> Path:
    """
    Start the first session in a folder and deliver so many messages.
    """
    write_books(folder)
    with pytest.MonkeyPatch.context() as patch:
        enter(folder, patch)
        with open_house("test") as house:
            start(FIRST, house.ports)
            for number, _ in enumerate(pump(house.ports), start=1):
                if number == messages:
                    break
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder in which the first session was traded.
    """
    return traded(tmp_path_factory.mktemp("whole"), messages=_WHOLE)


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder in which the first session was left in the middle.
    """
    return traded(tmp_path_factory.mktemp("half"), messages=9)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    A copy of the folder that the test asks for by name, or one without records.
    """
    folder = tmp_path / "world"
    name = getattr(request, "param", "")
    if name:
        shutil.copytree(request.getfixturevalue(name), folder)
    else:
        write_books(folder)
    enter(folder, monkeypatch)
    return folder


@pytest.fixture
def alchemiser(capsys: pytest.CaptureFixture[str]) -> Alchemiser:
    """
    Run a command line in this process.
    """

    def told(*arguments: str) -> Ended:
        code = run_command([*arguments, "--profile", "test"])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return told


def tamper(folder: Path, *statements: str) -> None:
    """
    Change records that triggers protect.
    """
    with closing(sqlite3.connect(folder / "records.sqlite3")) as connection, connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def facts_of(told: Ended) -> dict[str, object]:
    found: dict[str, object] = json.loads(told.out.splitlines()[-1])
    return found


def outcomes(folder: Path) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(folder / "records.sqlite3")) as connection:
        return connection.execute("SELECT id, outcome FROM runs").fetchall()


class TestWorker:
    @pytest.mark.parametrize("world", ["half"], indirect=True)
    def test_finishes_what_is_under_way(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        It goes on where another process stopped, and leaves once nothing comes any more.
        """
        told = alchemiser("worker", "--idle-exit", "0", "--name", "w1", "--json")

        assert 0 == told.code
        assert [(RUN, "success")] == outcomes(world)
        assert ("w1", []) == (facts_of(told)["worker"], facts_of(told)["left_alone"])

    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    def test_leaves_at_once_when_nothing_is_due(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        Once means what is due now.
        """
        told = alchemiser("worker", "--once", "--name", "w1")

        assert (0, "w1 delivered 0 messages\n") == (told.code, told.out)
        assert [(RUN, "success")] == outcomes(world)

    @pytest.mark.parametrize("world", ["half"], indirect=True)
    def test_ends_when_told_to_after_the_message_it_is_at(self, world: Path) -> None:
        """
        SIGTERM: exit code 0, nothing is left half way, and the next process goes on.
        """
        command: list[str | Path] = [Path(sys.executable).parent / "alchemiser", "worker", "--profile", "test"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            first = worker.stdout.readline()
            worker.terminate()
            rest = worker.stdout.read()

        assert 0 == worker.returncode
        assert "UTC" in first
        assert "delivered" in (first + rest).splitlines()[-1]
        with closing(sqlite3.connect(world / "records.sqlite3")) as connection:
            assert [] == connection.execute("SELECT * FROM deliveries WHERE state = 'leased'").fetchall()

    def test_one_at_a_time_on_sqlite(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        While another process trades on the file, a worker is refused and nothing is done.
        """
        with alone_on(f"sqlite:///{world}/records.sqlite3"):
            told = alchemiser("worker", "--once")

        assert 1 == told.code
        assert "no other process" in told.err


class TestResume:
    @pytest.mark.parametrize("world", ["half"], indirect=True)
    @pytest.mark.parametrize("named", [[], [RUN]])
    def test_finishes_the_run(self, world: Path, alchemiser: Alchemiser, named: list[str]) -> None:
        """
        Whether it is named or not.
        """
        told = alchemiser("resume", *named, "--json")

        assert 0 == told.code
        assert [{"run": RUN, "outcome": "success"}] == facts_of(told)["runs"]
        assert [(RUN, "success")] == outcomes(world)

    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    def test_has_nothing_to_do(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        It says so.
        """
        before = files_below(world / "outbox")

        told = alchemiser("resume")

        assert (0, "nothing was left undone\n") == (told.code, told.out)
        assert before == files_below(world / "outbox")

    @pytest.mark.parametrize("world", ["half"], indirect=True)
    def test_closes_by_hand(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        The run fails with a report and exit code 1; its orders are settled by the next start.
        """
        told = alchemiser("resume", RUN, "--close")

        assert 1 == told.code
        assert "closed by hand" in told.out
        assert [(RUN, "failed")] == outcomes(world)
        assert (world / "outbox" / f"{RUN}.txt").exists()

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [(["--close"], 2, "the run to close"), (["nobody"], 3, "alchemiser status")],
    )
    def test_refuses(self, world: Path, alchemiser: Alchemiser, arguments: list[str], code: int, words: str) -> None:
        """
        A close without a run, and a run that is none.
        """
        told = alchemiser("resume", *arguments)

        assert code == told.code
        assert words in told.err
        assert world.exists()


class TestReplay:
    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    def test_changes_nothing(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        A whole run comes again: the same chain, the same reports, the same books at the broker.
        """
        before = (alchemiser("audit", "verify", "--json").out, files_below(world / "outbox"))

        told = alchemiser("replay", RUN, "--json")

        assert (0, "success") == (told.code, facts_of(told)["outcome"])
        assert facts_of(told)["queued"] == facts_of(told)["delivered"]
        assert before == (alchemiser("audit", "verify", "--json").out, files_below(world / "outbox"))

    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    @pytest.mark.parametrize("arguments", [["nobody"], [RUN, "--from", "nothing"]])
    def test_refuses_what_is_not_recorded(self, world: Path, alchemiser: Alchemiser, arguments: list[str]) -> None:
        """
        A run or an event that is none ends with 3.
        """
        assert 3 == alchemiser("replay", *arguments).code
        assert world.exists()


class TestTimeline:
    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    def test_tells_everything_in_order(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        Events, messages, orders and fills, each kind there is, instants ascending; nothing is changed.
        """
        before = files_below(world)

        rows = [json.loads(line) for line in alchemiser("timeline", RUN, "--json").out.splitlines()]

        assert {"event", "message", "order", "order closed", "fill"} == {row["kind"] for row in rows}
        assert sorted(row["at"] for row in rows) == [row["at"] for row in rows]
        with closing(sqlite3.connect(world / "records.sqlite3")) as connection:
            count = "SELECT (SELECT count(*) FROM {}) + (SELECT count(*) FROM {})"
            (messages,) = connection.execute(count.format("events", "deliveries")).fetchone()
            (traded_rows,) = connection.execute(count.format("intents", "ledger")).fetchone()
        assert messages == len([row for row in rows if row["kind"] in {"event", "message"}])
        assert traded_rows == len([row for row in rows if row["kind"] in {"order", "fill"}])
        assert {name: body for name, body in before.items() if "sqlite" not in name} == {
            name: body for name, body in files_below(world).items() if "sqlite" not in name
        }

    @pytest.mark.parametrize("world", ["half"], indirect=True)
    def test_fits_a_narrow_terminal(self, world: Path, alchemiser: Alchemiser, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        No line is wider than 80 columns, and what waits is told to wait.
        """
        monkeypatch.setenv("COLUMNS", "80")

        told = alchemiser("timeline", RUN)

        assert 80 >= max(map(len, told.out.splitlines()))
        assert "waits" in told.out or "at work" in told.out
        assert world.exists()

    def test_before_anything_was_recorded(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        It says what to run, and makes no file.
        """
        before = files_below(world)

        assert 3 == alchemiser("timeline", RUN).code
        assert before == files_below(world)


class TestAudit:
    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    def test_of_whole_records_agrees_with_report_and_broker(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        The head at the end of the report is one that the chain had.
        """
        head = (world / "outbox" / f"{RUN}.txt").read_text(encoding="utf-8").split()[-1]

        told = alchemiser("audit", "verify", "--head", head, "--json")

        found = facts_of(told)
        assert (0, True, 2) == (told.code, found["ok"], found["heads"])
        assert int(str(found["orders"])) > 0

    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("UPDATE ledger SET price = '1' WHERE seq = 2", "ledger 2"),
            ("DELETE FROM events WHERE seq = 2", "events 2"),
            ("UPDATE intents SET quantity = '1' WHERE attempt = 1", "we meant"),
            ("DELETE FROM ledger", "the ledger has 0"),
        ],
    )
    def test_names_what_was_changed(self, world: Path, alchemiser: Alchemiser, statement: str, words: str) -> None:
        """
        Exit code 1, and the row or the order.
        """
        tamper(world, statement)

        told = alchemiser("audit", "verify", "--json")

        assert 1 == told.code
        assert words in told.out

    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    def test_finds_records_that_were_put_back(self, world: Path, half: Path, alchemiser: Alchemiser) -> None:
        """
        An older copy verifies in itself; the head kept with the report and the broker's orders say that it is old.
        """
        for name in world.glob("records.sqlite3*"):
            name.unlink()
        for name in half.glob("records.sqlite3*"):
            shutil.copy(name, world)

        told = alchemiser("audit", "verify")

        assert 1 == told.code
        assert "put back" in told.out.replace("\n", " ")

    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    @pytest.mark.parametrize("head", ["1", "x:y", "1:" + "g" * 64])
    def test_refuses_a_head_that_is_none(self, world: Path, alchemiser: Alchemiser, head: str) -> None:
        """
        Usage: number and hash, as in a report.
        """
        assert 2 == alchemiser("audit", "verify", "--head", head).code
        assert world.exists()


class TestDeadman:
    @pytest.mark.parametrize("world", ["whole"], indirect=True)
    def test_is_content_with_a_run_that_ended(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        Exit code 0, and no notice.
        """
        told = alchemiser("deadman", "--session", "2026-07-31", "--json")

        assert (0, True, RUN) == (told.code, facts_of(told)["ok"], facts_of(told)["run"])
        assert [] == list((world / "outbox").glob("deadman*"))

    @pytest.mark.parametrize(
        ("world", "damage", "words"),
        [
            ("", "", "nothing was recorded"),
            ("half", "", "is not over"),
            ("whole", "UPDATE runs SET session = '2026-07-30'", "no run of it is recorded"),
            ("whole", "UPDATE deliveries SET state = 'dead', last_error = 'no sense' WHERE number = 3", "no sense"),
            ("whole", "DROP TABLE runs", "no such table"),
        ],
        indirect=["world"],
    )
    def test_speaks_up(self, world: Path, alchemiser: Alchemiser, damage: str, words: str) -> None:
        """
        Exit code 1 and a notice beside the reports, whatever it was that did not happen.
        """
        if damage:
            tamper(world, damage)

        told = alchemiser("deadman", "--session", "2026-07-31")

        (notice,) = (world / "outbox").glob("deadman*.txt")
        assert 1 == told.code
        assert words in notice.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("world", "damage", "words"),
        [("whole", "DROP TABLE runs", "no such table"), ("whole", "UPDATE runs SET session = '2026-07-30'", "no run")],
        indirect=["world"],
    )
    def test_speaks_up_without_being_told_which_session(
        self, world: Path, alchemiser: Alchemiser, damage: str, words: str
    ) -> None:
        """
        Time stands where the records are; records that cannot be read are told of whatever was due.
        """
        assert 0 == alchemiser("run", "--sessions", "2").code
        assert "session 2026-08-03 was run" in alchemiser("deadman").out
        tamper(world, damage)

        told = alchemiser("deadman")

        assert 1 == told.code, told.out
        assert words in told.out

    def test_waits_for_the_first_session(self, world: Path, alchemiser: Alchemiser) -> None:
        """
        Before any session is due there is nothing to miss.
        """
        told = alchemiser("deadman", "--by", "close+1h")

        assert 0 == told.code
        assert "no session was due yet" in told.out
        assert not (world / "outbox").exists()

    @pytest.mark.parametrize("by", ["noon", "close+", "close-5min", "close+5"])
    def test_refuses_an_hour_that_is_none(self, world: Path, alchemiser: Alchemiser, by: str) -> None:
        """
        Usage: after the close, in minutes or hours.
        """
        assert 2 == alchemiser("deadman", "--by", by).code
        assert world.exists()
