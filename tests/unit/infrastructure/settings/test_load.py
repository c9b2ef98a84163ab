"""
Settings are right in every part, or refused with the file or variable, the key, and what was found.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.domain.errors import ConfigurationError
from alchemiser.domain.execution.gate import Limits
from alchemiser.domain.execution.policy import WalkPolicy
from alchemiser.domain.values import usd
from alchemiser.infrastructure.settings.load import load_settings

SHIPPED = (Path(__file__).parents[4] / "src/alchemiser/profiles/demo.toml").read_text(encoding="utf-8")
DEMO = re.sub(r"start = [0-9-]+", "start = 2026-07-31", re.sub(r"seed = [0-9]+", "seed = 7", SHIPPED))


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """
    A file of the user's own, equal to the demo's.
    """
    file = tmp_path / "mine.toml"
    file.write_text(DEMO, encoding="utf-8")
    return file


def changed(file: Path, old: str, new: str) -> str:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", ["demo", "test"])
def test_shipped_profiles_are_whole(name: str) -> None:
    """
    Every shipped profile loads.
    """
    assert name == load_settings(name, environment={}).profile


@pytest.mark.parametrize("name", ["demo", "test"])
def test_shipped_profiles_walk_and_limit_as_the_domain_does(name: str) -> None:
    """
    What the profiles write out is what the domain's own defaults are.
    """
    rules = load_settings(name, environment={}).rules

    assert (WalkPolicy(), Limits()) == (rules.walk, rules.limits)


def test_tests_follow_the_rules_of_the_demo() -> None:
    """
    The two profiles differ in where things are kept, not in how is traded.
    """
    demo, test = (load_settings(name, environment={}).rules for name in ("demo", "test"))

    assert demo == replace(test, profile=demo.profile, account=demo.account)


def test_rules_are_the_domain_s_values() -> None:
    """
    Text in the file is a Decimal, Money or duration to the workflow.
    """
    rules = load_settings("demo", environment={}).rules

    assert Decimal("0.98") == rules.planning.deployment
    assert usd("25") == rules.planning.minimum_trade
    assert timedelta(minutes=15) == rules.lead
    assert date(2026, 7, 31) == rules.first_session


def test_file_of_the_user_s_own(profile: Path) -> None:
    """
    A profile is found by path, and named after its file.
    """
    settings = load_settings(changed(profile, 'cash = "100000"', 'cash = "2500.50"'), environment={})

    assert ("mine", Decimal("2500.50")) == (settings.profile, settings.tables.account.cash)


def test_environment_replaces_keys_of_every_type() -> None:
    """
    A variable takes the place of a key, read by the key's type; other variables do not matter.
    """
    tables = load_settings(
        "test",
        environment={
            "ALCHEMISER__ACCOUNT__CASH": "2500",
            "ALCHEMISER__MARKET__SEED": "11",
            "ALCHEMISER__CLOCK__START": "2026-08-03",
            "ALCHEMISER__GATE__ALLOWED": '["SPY", "TLT"]',
            "ALCHEMISER__LOGS__PATH": "day.log",
            "ALCHEMISER__FAULTS__KILL_AT": "3",
            "ALCHEMISER__FAULTS__KILL_AFTER": "true",
            "ALCHEMISER_OTHER": "1",
            "PATH": "/bin",
        },
    ).tables

    assert (Decimal(2500), 11, date(2026, 8, 3)) == (tables.account.cash, tables.market.seed, tables.clock.start)
    assert (("SPY", "TLT"), Path("day.log")) == (tables.gate.allowed, tables.logs.path)
    assert (3, True) == (tables.faults.kill_at, tables.faults.kill_after)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(
            "seed = 7", "seeed = 7", r"\[market\] seeed: unknown key; perhaps seed was meant; known are seed", id="key"
        ),
        pytest.param("[market]", "[markets]", r"\[markets\]: unknown section; perhaps market", id="section"),
        pytest.param("seed = 7", "", r"\[market\] seed: expected this key, found none", id="missing key"),
        pytest.param("[market]\nseed = 7", "", r"\[market\]: expected this section", id="missing section"),
        pytest.param('"100000"', "100000.0", r"\[account\] cash: expected a decimal in quotes.*100000.0", id="float"),
        pytest.param('"100000"', "100000", r"\[account\] cash: expected a decimal in quotes.*100000", id="integer"),
        pytest.param('"100000"', '"much"', r"\[account\] cash: expected a decimal.*'much'", id="no number"),
        pytest.param('"100000"', '"NaN"', r"\[account\] cash: expected a decimal", id="not finite"),
        pytest.param('"100000"', '"-5"', r"\[account\] cash: expected greater than 0, found '-5'", id="negative"),
        pytest.param("seed = 7", 'seed = "7"', r"\[market\] seed: expected a valid integer, found '7'", id="text"),
        pytest.param("seed = 7", "seed = true", r"\[market\] seed: expected a valid integer", id="truth"),
        pytest.param('"DEMO0001"', '"A/B"', r"\[account\] id: expected up to 64 letters", id="odd account"),
        pytest.param('"0.75", ', '"75", ', r"\[execution\] rungs.0: expected less than 1, found '75'", id="percent"),
        pytest.param('"abort"', '"shrug"', r"\[failure\] policy: expected 'abort' or 'carry'", id="policy"),
        pytest.param('"simulated"', '"system"', r"\[clock\] kind: expected 'simulated'", id="clock"),
        pytest.param("2026-07-31", '"July"', r"\[clock\] start: expected a valid date", id="date"),
        pytest.param('"sqlite:///', '"oracle:///', r"\[records\] url: expected sqlite:///FILE", id="database"),
        pytest.param('deployment = "0.98"', 'deployment = "9.8"', "deployment must be above 0", id="domain"),
        pytest.param("[account]", "cash =\n[account]", "expected TOML", id="no TOML"),
        pytest.param("[clock]", "x = 1\n[clock]", "expected sections only, found the key x", id="loose key"),
        pytest.param("latest_start_minutes = 10", "latest_start_minutes = 20", "at most minutes_before", id="late"),
        pytest.param("last_send_seconds = 180", "last_send_seconds = 600", "below the time that", id="no time to send"),
        pytest.param("last_cancel_seconds = 90", "last_cancel_seconds = 200", "last cancel after", id="early cancel"),
        pytest.param('"var/demo/broker.', '"var/demo/alchemiser.', "a file of their own", id="one file"),
        pytest.param("[failure]", "[faults]\nkill_at = 3\n[failure]", "in the profile test only", id="faults"),
    ],
)
def test_refuses(profile: Path, old: str, new: str, told: str) -> None:
    """
    A wrong file is refused with the file, the key, what was expected and what was found.
    """
    with pytest.raises(ConfigurationError, match=told) as refusal:
        load_settings(changed(profile, old, new), environment={})

    assert str(profile) in str(refusal.value)


def test_refuses_a_gate_narrower_than_the_walk(profile: Path) -> None:
    """
    A walk may not price orders that the gate would refuse.
    """
    gate = DEMO.index("[gate]")
    profile.write_text(DEMO[:gate] + DEMO[gate:].replace('"0.05"', '"0.01"'), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"\[gate\] collar at least \[execution\] collar \(0.05\)"):
        load_settings(str(profile), environment={})


def test_tells_every_problem_at_once(profile: Path) -> None:
    """
    Each wrong key has a line of its own.
    """
    changed(profile, "seed = 7", "seed = -7")

    with pytest.raises(ConfigurationError) as refusal:
        load_settings(changed(profile, '"100000"', "1.5"), environment={})

    assert 2 == len(str(refusal.value).splitlines())


@pytest.mark.parametrize("profile_name", ["demos", "../demo", "none.toml", ""])
def test_refuses_an_unknown_profile(profile_name: str) -> None:
    """
    An unknown profile is answered with the known ones.
    """
    with pytest.raises(ConfigurationError, match="one of demo, test or the path"):
        load_settings(profile_name, environment={})


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("ALCHEMISER__ACCOUNT__CASH", "lots", "ALCHEMISER__ACCOUNT__CASH: expected a decimal in quotes"),
        ("ALCHEMISER__ACCOUNT__CASHH", "1", "ALCHEMISER__ACCOUNT__CASHH: unknown key; perhaps cash"),
        ("ALCHEMISER__ACOUNT__CASH", "1", "ALCHEMISER__ACOUNT__CASH: unknown section; perhaps account"),
        ("ALCHEMISER__MARKET__SEED", "seven", "ALCHEMISER__MARKET__SEED: expected a valid integer, found 'seven'"),
        ("ALCHEMISER__MARKET", "1", "expected ALCHEMISER__SECTION__KEY, found the variable ALCHEMISER__MARKET"),
        ("ALCHEMISER__FAULTS__KILL_AT", "3", "in the profile test only"),
    ],
)
def test_refuses_wrong_variables(variable: str, text: str, told: str) -> None:
    """
    A wrong variable is named, not the file it would have changed.
    """
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        load_settings("demo", environment={variable: text})


def test_names_the_variables_that_replaced_keys() -> None:
    """
    What the environment replaced is known, key by key.
    """
    settings = load_settings("test", environment={"ALCHEMISER__MARKET__SEED": "7"})

    assert {("market", "seed"): "ALCHEMISER__MARKET__SEED"} == settings.replaced


def test_shows_settings_as_json_without_secrets() -> None:
    """
    Settings are shown as plain values, a password in an address is hidden.
    """
    shown = load_settings("test", environment={"ALCHEMISER__RECORDS__URL": "sqlite://me:hidden@host/file"}).redacted()

    assert "sqlite://me:***@host/file" == shown["records"]["url"]
    assert "0.98" == shown["planning"]["deployment"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+psycopg://me:hid:den@host/db", "postgresql+psycopg://me:***@host/db"),
        ("postgresql://me@/db?host=/run&password=hidden&x=1", "postgresql://me@/db?host=/run&password=***&x=1"),
    ],
)
def test_hides_passwords_wherever_a_url_has_them(url: str, expected: str) -> None:
    """
    Before the host or among the parameters.
    """
    shown = load_settings("test", environment={"ALCHEMISER__RECORDS__URL": url}).redacted()

    assert expected == shown["records"]["url"]


def test_refuses_another_kind_of_database_without_its_password() -> None:
    """
    The address is named, the password is not.
    """
    with pytest.raises(ConfigurationError, match="expected sqlite:///FILE") as told:
        load_settings("test", environment={"ALCHEMISER__RECORDS__URL": "mysql://me:hidden@host/db"})

    assert "hidden" not in str(told.value)


@pytest.mark.parametrize(("kind", "path"), [("shared", ""), ("simulated", "clock")])
def test_refuses_a_shared_clock_without_a_place(kind: str, path: str) -> None:
    """
    A file goes with the kind shared, and with no other.
    """
    given = {"ALCHEMISER__CLOCK__KIND": kind} | ({"ALCHEMISER__CLOCK__PATH": path} if path else {})

    with pytest.raises(ConfigurationError, match=r"\[clock\] path"):
        load_settings("test", environment=given)
