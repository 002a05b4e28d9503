"""SNMPv3 engines as the API shows them."""

from api.schemas.engines import EngineView, ForgottenEngineView
from collector.domain.engine import Engine, ForgottenEngine


def view(engine: Engine) -> EngineView:
    return EngineView(
        engine_id=engine.engine_id.hex(),
        customer=engine.customer,
        source=engine.source,
        state=engine.state,
        peer=engine.peer or None,
        first_seen_at=engine.first_seen_at,
        last_seen_at=engine.last_seen_at,
        messages=engine.messages,
        authenticated=engine.time is not None,
        boots=None if engine.time is None else engine.time.boots,
        engine_time=None if engine.time is None else engine.time.time,
        approved_by=engine.approved_by,
        approved_at=engine.approved_at,
    )


def forgotten_view(engine: ForgottenEngine) -> ForgottenEngineView:
    return ForgottenEngineView(
        engine_id=engine.engine_id.hex(),
        customer=engine.customer,
        source=engine.source,
        peer=engine.peer or None,
        messages=engine.messages,
        approved_by=engine.approved_by,
        approved_at=engine.approved_at,
        forgotten_by=engine.forgotten_by,
        forgotten_at=engine.forgotten_at,
    )
