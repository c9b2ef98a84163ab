"""
The stored form of every event, held against files: what was written once has to be readable for ever.

A change here is a change of the wire schema: give it a new SCHEMA_VERSION and keep the old file readable.
"""

import json
from pathlib import Path

import pytest

from alchemiser.domain.events import Event, PartialSignalGenerated
from alchemiser.infrastructure.codec import EVENT_TYPES, decode_event, encode
from support.records import every_event

FOLDER = Path(__file__).parent / "events"


def name_of(event: Event) -> str:
    return type(event).__name__


@pytest.mark.parametrize("event", every_event(), ids=name_of)
def test_event_encodes_as_its_file(event: Event) -> None:
    """
    The stored form of an event has not changed.
    """
    kept = json.loads((FOLDER / f"{name_of(event)}.json").read_text(encoding="utf-8"))

    assert kept == json.loads(encode(event))


@pytest.mark.parametrize("event", every_event(), ids=name_of)
def test_file_decodes_to_its_event(event: Event) -> None:
    """
    An event stored earlier is read as it was meant.
    """
    text = (FOLDER / f"{name_of(event)}.json").read_text(encoding="utf-8")

    assert event == decode_event(name_of(event), text)


def test_a_vote_of_the_first_schema_is_still_read() -> None:
    """
    Votes stored before targets were held say nothing of holding, and of nothing near.
    """
    text = (FOLDER / "v1" / "PartialSignalGenerated.json").read_text(encoding="utf-8")

    vote = decode_event("PartialSignalGenerated", text)

    assert isinstance(vote, PartialSignalGenerated)
    assert (1, None, ()) == (vote.meta.schema_version, vote.hold, vote.near)


def test_every_event_type_has_a_file() -> None:
    """
    No event type is stored without its form being kept here.
    """
    assert set(EVENT_TYPES) == {file.stem for file in FOLDER.glob("*.json")}
