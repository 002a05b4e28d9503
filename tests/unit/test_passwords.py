"""Passwords as hashes: what fits, what does not, and when a hash is renewed."""

import pytest
from argon2 import PasswordHasher

from collector import passwords
from collector.passwords import hash_password, verify

GOOD = "correcto caballo batería"


@pytest.fixture(scope="module")
def stored() -> str:
    return hash_password(GOOD)


def test_a_password_fits_its_hash_and_no_other(stored: str) -> None:
    assert verify(stored, GOOD).fits
    assert not verify(stored, GOOD + " ").fits


def test_two_hashes_of_one_password_differ_and_say_their_parameters(stored: str) -> None:
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password(GOOD) != stored


def test_a_good_hash_is_left_alone(stored: str) -> None:
    assert verify(stored, GOOD).new_hash is None


def test_a_hash_of_other_parameters_is_renewed_when_the_password_fits() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD)
    renewed = verify(old, GOOD).new_hash
    assert renewed is not None
    assert verify(renewed, GOOD) == passwords.Verified(fits=True)
    assert verify(old, "another one") == passwords.Verified(fits=False)


def test_nobody_knows_the_password_of_the_unknown_but_it_is_verified_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not verify(None, GOOD).fits
    with monkeypatch.context() as patched:
        patched.setattr(passwords, "_NOBODY", hash_password(GOOD))
        assert not verify(None, GOOD).fits


def test_the_hash_of_the_unknown_costs_what_a_real_one_costs(stored: str) -> None:
    assert passwords._NOBODY.split("$")[:4] == stored.split("$")[:4]


@pytest.mark.parametrize("broken", ["", "x", "$argon2id$v=19$m=19456,t=2,p=1$", "$1$abc"])
def test_a_broken_hash_fits_nothing(broken: str) -> None:
    assert not verify(broken, GOOD).fits
