"""Two databases, of the same kind or not: what was backed up from the one is restored into the other.
From one kind to the other is the business of the full ring."""

from dataclasses import dataclass

import pytest

from tests.databases import Databases

_KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Pair:
    """Where the store comes from and where it goes."""

    origin: Databases
    target: Databases


@pytest.fixture(
    params=[
        pytest.param(
            (origin, target),
            id=f"{origin} to {target}",
            marks=[pytest.mark.postgresql] * ("postgresql" in (origin, target)) + [pytest.mark.full] * (origin != target),
        )
        for origin in _KINDS
        for target in _KINDS
    ]
)
def pair(request: pytest.FixtureRequest) -> Pair:
    origin, target = (request.getfixturevalue(f"{kind}_databases") for kind in request.param)
    return Pair(origin, target)
