"""What the API says of a mail: its attachments, and whether all of it was read."""

import hashlib

import pytest

from tests.api_world import Caller, World
from tests.mail_kit import parts

PATH = "/api/v1/notifications"
ZIP = b"PK\x03\x04 a bomb, for all we know"


def attachment(name: bytes) -> bytes:
    return b'Content-Type: application/zip; name="' + name + b'"\r\n\r\n' + ZIP


def test_a_mail_has_its_attachments_with_name_type_size_and_digest(collector: World, admin: Caller) -> None:
    [mail] = collector.arrive_mail(parts("mixed", "\ninfo x", attachment(b"a.zip"), "Content-Type: image/png\n\nPNG"))
    collector.process()
    told = admin.get(f"{PATH}/{mail}").json()
    assert (told["text"], told["snmp"], told["security"]) == ("info x", None, None)
    assert told["mail"] == {
        "header_from": "sepm@console.example",
        "message_id": None,
        "content_type": "multipart/mixed",
        "attachments": [
            {"name": "a.zip", "content_type": "application/zip", "size": len(ZIP), "sha256": hashlib.sha256(ZIP).hexdigest()},
            {"name": None, "content_type": "image/png", "size": 3, "sha256": hashlib.sha256(b"PNG").hexdigest()},
        ],
        "limits": [],
    }


def test_a_mail_that_is_partly_decoded_says_so_here_and_in_its_explanation(collector: World, admin: Caller) -> None:
    [mail] = collector.arrive_mail(parts("mixed", "\ninfo x", *["\nmore"] * 200))
    collector.process()
    assert admin.get(f"{PATH}/{mail}").json()["mail"]["limits"] == ["parts"]
    decoded = admin.get(f"{PATH}/{mail}/explain").json()["now"]["decoded"]
    assert (decoded["partial"], decoded["limits"]) == (True, ["parts"])


def test_a_mail_of_which_nothing_is_read_says_why(collector: World, admin: Caller) -> None:
    hidden = ("Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream\n\nx")
    [mail] = collector.arrive_mail(parts("encrypted", *hidden))
    collector.process()
    told = admin.get(f"{PATH}/{mail}").json()
    assert (told["state"], told["reason"], told["detail"]) == ("undecodable", "encrypted", "application/pgp-encrypted")
    assert told["mail"] is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param(b"../../etc/cron.d/x", "../../etc/cron.d/x", id="a path, as it is"),
        pytest.param(b"\xe2\x80\xaefdp.exe", "\ufffdfdp.exe", id="a name that is turned round"),
        pytest.param(b"a\x00\x07.exe", "a\ufffd\ufffd.exe", id="NUL and bell"),
    ],
)
def test_a_name_is_data_and_never_the_name_of_a_download(collector: World, admin: Caller, name: bytes, shown: str) -> None:
    raw = parts("mixed", "\ninfo x", attachment(name))
    [mail] = collector.arrive_mail(raw)
    collector.process()
    assert [one["name"] for one in admin.get(f"{PATH}/{mail}").json()["mail"]["attachments"]] == [shown]
    answer = admin.get(f"{PATH}/{mail}/raw")
    assert answer.content == raw
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{mail}.eml"'


def test_what_is_no_mail_and_what_waits_have_none(collector: World, admin: Caller) -> None:
    [trap] = collector.hear("info x")
    [waiting] = collector.arrive_mail(parts("mixed", "\ninfo x"))
    assert admin.get(f"{PATH}/{trap}").json()["mail"] is None
    assert admin.get(f"{PATH}/{waiting}").json()["mail"] is None
