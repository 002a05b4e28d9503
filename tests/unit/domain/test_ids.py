"""Names of streams and notifications, and the external keys of cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.ids import NotificationId, StreamName, external_key

FIRST = NotificationId("snmp-0-k3f9ab", 1)
streams = st.builds(
    lambda receiver, number, bulk, epoch: StreamName(f"{receiver}-{number}", bulk, epoch),
    st.sampled_from(["snmp", "smtp"]),
    st.integers(0, 999),
    st.booleans(),
    st.from_regex(r"[a-z][a-z0-9]{5}", fullmatch=True),
)
notifications = st.builds(NotificationId, streams.map(str), st.integers(0, 10**18 - 1), st.integers(0, 999_999))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("snmp-0-k3f9ab", StreamName("snmp-0", bulk=False, epoch="k3f9ab"), id="main lane"),
        pytest.param("snmp-12-bulk-k3f9ab", StreamName("snmp-12", bulk=True, epoch="k3f9ab"), id="bulk lane"),
        pytest.param(
            "smtp-0-bulk12", StreamName("smtp-0", bulk=False, epoch="bulk12"), id="epoch that begins like the bulk lane"
        ),
    ],
)
def test_a_stream_name_reads_as_receiver_lane_and_epoch(text: str, expected: StreamName) -> None:
    assert StreamName.parse(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "snmp",
        "snmp-0",
        "snmp-0-bulk",
        "http-0-k3f9ab",
        "snmp-0-K3F9AB",
        "snmp-0-3k9fab",
        "snmp-0-k3f9ab\n",
        "snmp-1234-k3f9ab",
    ],
)
def test_other_text_is_no_stream_name(text: str) -> None:
    with pytest.raises(ValueError, match="not a stream name"):
        StreamName.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "snmp-0-k3f9ab", "snmp-0-k3f9ab-", "snmp-0-k3f9ab--1", "snmp-0-k3f9ab-1-2-3", "snmp-0-k3f9ab-٣", "snmp-0-k3f9ab-1 "],
)
def test_other_text_is_no_notification_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a notification id"):
        NotificationId.parse(text)


def test_an_id_without_a_row_names_the_whole_item() -> None:
    assert NotificationId.parse("smtp-0-k3f9ab-17") == NotificationId("smtp-0-k3f9ab", 17)
    assert NotificationId.parse("smtp-0-k3f9ab-17-2") == NotificationId("smtp-0-k3f9ab", 17, 2)


@given(streams)
def test_every_stream_name_comes_back_from_its_text(stream: StreamName) -> None:
    assert StreamName.parse(str(stream)) == stream


@given(notifications)
def test_every_notification_id_comes_back_from_its_text(notification: NotificationId) -> None:
    assert NotificationId.parse(str(notification)) == notification


@pytest.mark.parametrize(
    ("milliseconds", "time_part"),
    [
        pytest.param(0, "0000000000", id="the epoch"),
        pytest.param(1, "0000000001", id="one millisecond"),
        pytest.param(1_469_918_176_385, "01ARYZ6S41", id="the time of the ULID specification's example"),
        pytest.param((1 << 48) - 1, "7ZZZZZZZZZ", id="the largest time"),
    ],
)
def test_a_ulid_begins_with_the_time_of_arrival_in_crockfords_alphabet(milliseconds: int, time_part: str) -> None:
    site, ulid = external_key("TST", milliseconds * 1_000_000 + 999_999, FIRST, "key").split("-")
    assert (site, ulid[:10], len(ulid)) == ("TST", time_part, 26)


def test_an_external_key_is_a_known_value() -> None:
    """Pinned: a store restored from a backup must make the same keys with any later version of the program."""
    key = external_key("MAD", 1_773_748_800_123_456_789, NotificationId("smtp-0-k3f9ab", 17, 2), "ACME\0v1:pack:disk:host-1")
    assert key == "MAD-01KKXTNJKVE2B1A5Q0MKKQ194J"


@given(st.integers(0, 1 << 62), notifications, st.text())
def test_an_external_key_is_made_of_its_origin_alone(at_ns: int, first: NotificationId, key: str) -> None:
    assert external_key("S", at_ns, first, key) == external_key("S", at_ns, first, key)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((NotificationId("snmp-0-k3f9ac", 1), "key"), id="another stream"),
        pytest.param((NotificationId("snmp-0-k3f9ab", 2), "key"), id="another item"),
        pytest.param((NotificationId("snmp-0-k3f9ab", 1, 1), "key"), id="another row"),
        pytest.param((FIRST, "kez"), id="another correlation key"),
    ],
)
def test_anything_else_in_the_same_millisecond_gets_another_key(other: tuple[NotificationId, str]) -> None:
    assert external_key("S", 0, *other) != external_key("S", 0, FIRST, "key")


def test_the_site_changes_nothing_behind_it() -> None:
    behind = external_key("X", 0, FIRST, "key").removeprefix("X")
    assert external_key("MAD-1", 0, FIRST, "key") == f"MAD-1{behind}"
