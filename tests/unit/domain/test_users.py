"""Which names and passwords people may have, and what roles may do."""

from datetime import UTC, datetime

import pytest

from collector.domain.errors import Rejected
from collector.domain.users import User, UserRole, check_name, check_password


@pytest.mark.parametrize("name", ["a", "ana", "ana.perez-2_b", "x" * 32])
def test_plain_names_are_good(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "Ana", "1ana", ".ana", "ana perez", "ana\n", "añá", "x" * 33, "<b>", "ana/../x", "ana\u202e"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(Rejected):
        check_name(name)


@pytest.mark.parametrize(("length", "good"), [(9, False), (10, True), (256, True), (257, False)])
def test_a_password_has_ten_to_256_characters(length: int, good: bool) -> None:
    if good:
        assert check_password("ñ" * length) == "ñ" * length
    else:
        with pytest.raises(Rejected) as refused:
            check_password("secret-é" * 40 if length > 20 else "s" * length)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("role", "may"), [(UserRole.ENGINEER, True), (UserRole.VIEWER, False)])
def test_engineers_act_and_viewers_read(role: UserRole, may: bool) -> None:
    user = User(1, "ana", "Ana", role, "es", datetime(2026, 1, 1, tzinfo=UTC))
    assert (user.may_act, user.actor) == (may, "user:ana")
