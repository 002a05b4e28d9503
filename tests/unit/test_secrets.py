"""Sealing: what a key opens, what it does not, and that no secret stands in an error."""

import base64
import hashlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.errors import ConfigurationError
from collector.secrets import SecretBox

OLD, NEW = "o" * 32, "n" * 43
OWNER = "source 7"
PLAIN = b"a community that nobody reads"


def refused(do: Callable[[], object]) -> str:
    """The sentence of the refusal, in which neither key nor secret stands."""
    with pytest.raises(ConfigurationError) as caught:
        do()
    told = f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert not [secret for secret in (OLD, NEW, PLAIN.decode()) if secret in told]
    return str(caught.value)


@given(plain=st.binary(max_size=300), purpose=st.text(max_size=20))
def test_what_is_sealed_is_opened(plain: bytes, purpose: str) -> None:
    box = SecretBox([NEW])
    assert box.open(box.seal(plain, purpose, OWNER), purpose, OWNER) == plain
    text = box.seal_text(plain, purpose, OWNER)
    assert text.isascii()
    assert box.open_text(text, purpose, OWNER) == plain


def test_nothing_of_a_secret_shows_and_equal_secrets_look_different() -> None:
    box = SecretBox([NEW])
    sealed = [box.seal(PLAIN, "community", OWNER) for _ in range(50)]
    assert not [one for one in sealed if PLAIN[:4] in one]
    assert len({one[17:] for one in sealed}) == len({one[5:17] for one in sealed}) == 50


def test_a_new_key_in_front_seals_and_the_old_one_behind_it_still_opens() -> None:
    old, both, new = SecretBox([OLD]), SecretBox([NEW, OLD]), SecretBox([NEW])
    before, after = old.seal(PLAIN, "community", OWNER), both.seal(PLAIN, "community", OWNER)
    assert (
        both.open(before, "community", OWNER)
        == both.open(after, "community", OWNER)
        == new.open(after, "community", OWNER)
        == PLAIN
    )
    assert (both.sealed_with_first(before), both.sealed_with_first(after)) == (False, True)


def test_the_order_of_keys_decides_which_one_seals() -> None:
    assert SecretBox([OLD]).open(SecretBox([OLD, NEW]).seal(PLAIN, "x", OWNER), "x", OWNER) == PLAIN
    assert SecretBox([NEW]).open(SecretBox([NEW, OLD, NEW]).seal(PLAIN, "x", OWNER), "x", OWNER) == PLAIN


def test_another_key_is_named_with_what_to_do() -> None:
    sealed = SecretBox([OLD]).seal(PLAIN, "community", OWNER)
    told = refused(lambda: SecretBox([NEW], origin="/data/secret.key").open(sealed, "community", OWNER))
    assert told == (
        "/data/secret.key: a community was sealed with another key; put back the key that sealed it (behind the present one, if "
        "that is to replace it); if it is lost, see `collector secrets forget`"
    )
    assert refused(lambda: SecretBox([NEW]).open(sealed, "community", OWNER)).startswith("[secrets] key: ")


def test_a_pass_phrase_is_named_with_its_article() -> None:
    sealed = SecretBox([OLD]).seal(PLAIN, "auth pass phrase", OWNER)
    assert ": an auth pass phrase was sealed with" in refused(lambda: SecretBox([NEW]).open(sealed, "auth pass phrase", OWNER))
    assert ": a priv pass phrase that was" in refused(lambda: SecretBox([OLD]).open(sealed, "priv pass phrase", OWNER))


def test_what_was_sealed_for_one_thing_is_not_opened_as_another() -> None:
    box = SecretBox([NEW])
    assert "is another's" in refused(lambda: box.open(box.seal(PLAIN, "community", OWNER), "priv pass phrase", OWNER))


def test_what_was_sealed_for_one_owner_is_not_opened_for_another() -> None:
    box = SecretBox([NEW])
    for owner in ("source 8", "source 70", "snapshot", ""):
        assert "is another's" in refused(lambda owner=owner: box.open(box.seal(PLAIN, "community", OWNER), "community", owner))  # type: ignore[misc]


def test_purpose_and_owner_cannot_trade_characters() -> None:
    box = SecretBox([NEW])
    refused(lambda: box.open(box.seal(PLAIN, "auth", "7"), "auth7", ""))
    refused(lambda: box.open(box.seal(PLAIN, "auth", "7"), "", "auth7"))


@given(position=st.integers(0, 200), bit=st.integers(0, 7))
def test_one_changed_bit_anywhere_is_noticed(position: int, bit: int) -> None:
    box = SecretBox([NEW])
    sealed = bytearray(box.seal(PLAIN, "community", OWNER))
    sealed[position % len(sealed)] ^= 1 << bit
    refused(lambda: box.open(bytes(sealed), "community", OWNER))


@given(octets=st.binary(max_size=64))
def test_octets_of_others_are_refused_and_nothing_else_happens(octets: bytes) -> None:
    box = SecretBox([NEW])
    refused(lambda: box.open(octets, "community", OWNER))
    refused(lambda: box.open_text(octets.decode("latin-1"), "community", OWNER))
    box.sealed_with_first(octets)
    assert box.text_sealed_with_first(octets.decode("latin-1")) in (True, False)


def test_every_shortened_sealing_is_refused() -> None:
    box = SecretBox([NEW])
    sealed = box.seal(b"", "community", OWNER)
    for length in range(len(sealed)):
        refused(lambda cut=sealed[:length]: box.open(cut, "community", OWNER))  # type: ignore[misc]


def test_a_text_that_is_no_base64_is_damaged() -> None:
    box = SecretBox([NEW])
    good = box.seal_text(PLAIN, "community", OWNER)
    for text in ("", "=", "ñ", good[:-1], f"{good} ", good.replace(good[20], "!"), good + "\n"):
        assert "damaged" in refused(lambda text=text: box.open_text(text, "community", OWNER))  # type: ignore[misc]
        assert not box.text_sealed_with_first(text) or text.strip() == good


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="none"),
        pytest.param([""], id="empty"),
        pytest.param([OLD, "x" * 31], id="the second too short"),
        pytest.param(["ñ" * 40], id="not ASCII"),
    ],
)
def test_bad_keys_are_refused(keys: list[str]) -> None:
    assert refused(lambda: SecretBox(keys)).startswith("[secrets] key: ")


def test_a_box_shows_no_key() -> None:
    box = SecretBox([NEW, OLD])
    assert not [key for key in (NEW, OLD) if key in f"{box!r}{box}{vars(box)!r}"]


def test_keys_that_differ_little_share_nothing() -> None:
    keys = [f"{number:032d}" for number in range(20)]
    sealed = [SecretBox([key]).seal(PLAIN, "x", OWNER) for key in keys]
    for one, other in pairwise(range(20)):
        told = refused(lambda one=one, other=other: SecretBox([keys[one]]).open(sealed[other], "x", OWNER))  # type: ignore[misc]
        assert "another key" in told


def test_the_form_is_kept_because_stores_and_backups_hold_it() -> None:
    digest = hashlib.sha256(b"collector secrets\0" + NEW.encode()).digest()
    nonce = bytes(range(12))
    sealed = b"\x01" + hashlib.sha256(digest).digest()[:4] + nonce + AESGCM(digest).encrypt(nonce, PLAIN, b"community\0source 7")
    assert SecretBox([NEW]).open(sealed, "community", OWNER) == PLAIN
    assert SecretBox([NEW]).open_text(base64.b64encode(sealed).decode(), "community", OWNER) == PLAIN
