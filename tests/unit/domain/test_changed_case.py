"""A case with some fields changed, made the quick way: the same as the slow way makes, and the old one stays as it is."""

from dataclasses import FrozenInstanceError, replace

import pytest

from collector.domain.case import changed
from collector.domain.ids import CaseId
from tests.builders import a_case, a_full_case


def test_it_is_what_replacing_makes() -> None:
    case = a_full_case()
    assert changed(case, id=CaseId(9), handed_seq=3, note_due_at=None) == replace(
        case, id=CaseId(9), handed_seq=3, note_due_at=None
    )
    assert case == a_full_case()
    assert changed(case) == case


def test_a_field_that_there_is_not_is_refused_and_the_new_case_is_as_frozen_as_any() -> None:
    with pytest.raises(AttributeError):
        changed(a_case(), colour="red")
    with pytest.raises(FrozenInstanceError):
        changed(a_case()).id = CaseId(3)  # type: ignore[misc]
