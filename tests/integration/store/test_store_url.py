"""What a store's URL may say: mistakes stop the start, and none of them repeats a password."""

import pytest

from collector.domain.errors import ConfigurationError
from collector.store.engine import check_url

SECRET = "never-told"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("postgresql+psycopg://c:{}@db/x?sslmod=require", 'invalid connection option "sslmod"', id="unknown option"),
        pytest.param("postgresql+psycopg://c:{}@db/x?sslmode=sometimes", 'invalid sslmode value: "sometimes"', id="bad value"),
        pytest.param("postgresql+psycopg://c:{}@db/x?connect_timeout=soon", "bad value for connect_timeout", id="bad number"),
        pytest.param("postgresql+psycopg://c:{}@db/x?sslmode=require&sslmode=prefer", "invalid sslmode value", id="twice"),
        pytest.param("postgresql+psycopg://c:{}@db:99999/x", 'invalid port number: "99999"', id="no port"),
        pytest.param("postgresql+psycopg://c:{}@db:number/x", "cannot be read", id="port in words"),
        pytest.param("postgresql+psycopg://c:{}@/x?host=a:1&host=b:2&port=3", "cannot be read", id="hosts and ports"),
        pytest.param("postgresql+psycopg://c:a?{}=b@db/x", "an @ after the.*%3F", id="question mark in the password"),
        pytest.param("sqlite:////srv/collector.db?timeout=5", "takes no options", id="option of a file"),
        pytest.param("mysql://c:{}@db/x", "mysql is not supported", id="another database"),
        pytest.param("{}", "cannot be read", id="no URL"),
    ],
)
def test_a_url_that_cannot_work_is_refused_with_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        check_url(url.format(SECRET))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite:////srv/collector.db", id="file"),
        pytest.param("postgresql+psycopg://c:p%40ss@db.example.org:5433/x?sslmode=verify-full&sslrootcert=/etc/ca.pem", id="TLS"),
        pytest.param("postgresql+psycopg://c@/x?host=/var/run/postgresql", id="socket"),
        pytest.param("postgresql+psycopg://c@/x?host=a:5432&host=b:5432&target_session_attrs=read-write", id="two hosts"),
        pytest.param("postgresql+psycopg://c@db/x?connect_timeout=5&application_name=collector", id="options"),
    ],
)
def test_what_the_driver_takes_is_taken_without_asking_the_network(url: str) -> None:
    assert check_url(url).database is not None
