"""The receivers begin and go on without the store, and without the megabytes of its libraries."""

import json
import subprocess
import sys

import pytest

STORE = {"sqlalchemy", "sqlmodel", "alembic", "psycopg", "sqlite3", "_sqlite3", "collector.store"}
"""What no receiver may load, and what nobody may load for it."""
LIST = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def modules_of(role: str) -> set[str]:
    """What a process of the role has loaded when its work begins."""
    line = f"import collector.cli, collector.commands.roles, collector.role, collector.app.{role}_intake; {LIST}"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("role", "foreign"),
    [
        pytest.param("snmp", {"aiosmtpd", "receivers.smtp.server"}, id="snmp"),
        pytest.param("smtp", {"cryptography", "collector.secrets", "receivers.snmp.server"}, id="smtp, which opens no secrets"),
    ],
)
def test_a_receiver_loads_nothing_of_the_store(role: str, foreign: set[str]) -> None:
    loaded = modules_of(role)
    assert f"receivers.{role}.server" in loaded
    assert loaded & (STORE | foreign) == set()
