"""People and their sessions in the store, on both databases."""

from datetime import timedelta

import pytest

from collector.domain.errors import Conflict, NotFound
from collector.domain.users import SESSION_LASTS, User, UserRole
from collector.store import sessions
from collector.store.engine import Store
from collector.store.users import (
    create_user,
    disable_user,
    find_credentials,
    list_users,
    rehash_password,
    set_language,
    set_password,
)
from tests.builders import NOON, after

END = NOON + SESSION_LASTS


def make(store: Store, name: str = "ana") -> User:
    with store.write() as connection:
        return create_user(
            connection, name=name, full_name="Ana P.", role=UserRole.ENGINEER, language="es", password_hash="hash-1", at=NOON
        )


def signed_in(store: Store, user: User) -> str:
    with store.write() as connection:
        return sessions.create_session(connection, user.id, at=NOON)


def session(store: Store, token: str, *, minutes: float = 1) -> sessions.Session | None:
    with store.read() as connection:
        return sessions.find_session(connection, token, at=after(minutes=minutes))


def test_a_user_is_found_as_made(store: Store) -> None:
    made = make(store)
    with store.read() as connection:
        found = find_credentials(connection, "ana")
        assert find_credentials(connection, "ANA") is None
    assert found == (made, "hash-1")
    assert (made.name, made.full_name, made.role, made.created_at, made.disabled_at) == (
        "ana",
        "Ana P.",
        UserRole.ENGINEER,
        NOON,
        None,
    )


def test_a_name_is_given_once(store: Store) -> None:
    make(store)
    with pytest.raises(Conflict):
        make(store)


def test_users_are_listed_by_name(store: Store) -> None:
    make(store, "zoe")
    make(store, "ana")
    with store.read() as connection:
        assert [user.name for user in list_users(connection)] == ["ana", "zoe"]


def test_a_session_belongs_to_its_user_until_it_ends(store: Store) -> None:
    user = make(store)
    token = signed_in(store, user)
    found = session(store, token)
    assert found is not None
    assert (found.user, found.expires_at) == (user, END)
    with store.read() as connection:
        assert sessions.find_session(connection, token, at=END) is None
        assert sessions.find_session(connection, token + "x", at=NOON) is None


def test_every_session_has_its_own_tokens(store: Store) -> None:
    user = make(store)
    first, second = signed_in(store, user), signed_in(store, user)
    assert first != second
    found = session(store, first), session(store, second)
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].form_token != found[1].form_token


def test_the_store_keeps_no_token(store: Store) -> None:
    token = signed_in(store, make(store))
    with store.read() as connection:
        kept = connection.exec_driver_sql("SELECT token_hash FROM sessions").scalar_one()
    assert len(kept) == 64
    assert token not in kept


def test_who_signs_out_ends_that_session_only(store: Store) -> None:
    user = make(store)
    first, second = signed_in(store, user), signed_in(store, user)
    with store.write() as connection:
        sessions.delete_session(connection, first)
    assert session(store, first) is None
    assert session(store, second) is not None


@pytest.mark.parametrize("by", ["disable", "password"])
def test_disabling_somebody_or_another_password_ends_all_sessions_at_once(store: Store, by: str) -> None:
    token, other = signed_in(store, make(store)), signed_in(store, make(store, "bea"))
    with store.write() as connection:
        if by == "disable":
            disable_user(connection, "ana", at=after(minutes=1))
        else:
            set_password(connection, "ana", "hash-2")
    assert session(store, token) is None
    assert session(store, other) is not None


def test_a_session_made_while_its_user_was_being_disabled_is_worth_nothing(store: Store) -> None:
    user = make(store)
    with store.write() as connection:
        disable_user(connection, "ana", at=NOON)
    assert session(store, signed_in(store, user)) is None


def test_disabling_twice_keeps_the_first_time(store: Store) -> None:
    make(store)
    with store.write() as connection:
        disable_user(connection, "ana", at=after(minutes=1))
        disable_user(connection, "ana", at=after(minutes=2))
        found = find_credentials(connection, "ana")
    assert found is not None
    assert found.user.disabled_at == after(minutes=1)


@pytest.mark.parametrize("change", [lambda c: disable_user(c, "bob", at=NOON), lambda c: set_password(c, "bob", "hash")])
def test_nobody_is_not_changed(store: Store, change: object) -> None:
    assert callable(change)
    with store.write() as connection, pytest.raises(NotFound):
        change(connection)


def test_expired_sessions_are_dropped_and_counted(store: Store) -> None:
    user = make(store)
    signed_in(store, user)
    with store.write() as connection:
        later = sessions.create_session(connection, user.id, at=after(minutes=5))
        assert sessions.drop_expired(connection, at=END) == 1
        assert sessions.drop_expired(connection, at=END) == 0
        assert sessions.find_session(connection, later, at=END) is not None


def test_one_person_has_a_bounded_number_of_sessions_and_loses_the_oldest(store: Store) -> None:
    user = make(store)
    with store.write() as connection:
        made = [
            sessions.create_session(connection, user.id, at=NOON + timedelta(seconds=n))
            for n in range(sessions.MOST_OF_A_USER + 2)
        ]
        alive = [sessions.find_session(connection, token, at=after(minutes=1)) is not None for token in made]
    assert alive == [False] * 2 + [True] * sessions.MOST_OF_A_USER


def test_the_same_password_may_get_a_new_hash_unless_it_was_changed_meanwhile(store: Store) -> None:
    user = make(store)
    token = signed_in(store, user)
    with store.write() as connection:
        rehash_password(connection, user.id, before="hash-1", after="hash-2")
        rehash_password(connection, user.id, before="hash-1", after="hash-3")
        found = find_credentials(connection, "ana")
    assert found is not None
    assert found.password_hash == "hash-2"
    assert session(store, token) is not None


def test_a_user_keeps_the_language_they_chose(store: Store) -> None:
    user = make(store)
    with store.write() as connection:
        set_language(connection, user.id, "en")
        found = find_credentials(connection, "ana")
    assert found is not None
    assert found.user.language == "en"
