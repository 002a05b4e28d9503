"""Customers and consoles that stored cases and notifications can belong to."""

from dataclasses import dataclass

import pytest

from collector.domain.ids import CustomerId, SourceId
from collector.store.engine import Store
from collector.store.registry import SourceRecord, load_registry, save_customer, save_sources
from tests.builders import BOX


@dataclass(frozen=True, slots=True)
class People:
    """Two customers; ACME has two consoles, BETA none."""

    acme: CustomerId
    beta: CustomerId
    console: SourceId
    other_console: SourceId


@pytest.fixture
def people(store: Store) -> People:
    with store.write() as connection:
        acme = save_customer(connection, code="ACME", name="Acme S.A.", language="es")
        beta = save_customer(connection, code="BETA", name="Beta Ltd.", language="en")
        records = [
            SourceRecord(
                f"console-{n}",
                ("product",),
                f"acme-{n}",
            )
            for n in (1, 2)
        ]
        save_sources(connection, acme, records, BOX)
        first, second = load_registry(connection, BOX).sources
    return People(acme, beta, first.id, second.id)
