"""SNMPv3 engines that speak for consoles, as the API shows them, and what callers say when they approve one."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from api.schemas.cases import Person
from api.schemas.common import Moment, View
from api.text import printable_line
from collector.domain.engine import EngineState

Named = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(printable_line)]


class EngineView(View):
    """`engine_id` in hexadecimal digits. `peer` is where its newest message came from. `authenticated`: somebody who has the
    user's pass phrase sent them; otherwise anybody may have. `boots` and `engine_time` (seconds) are the highest that were
    authenticated. `approved_by` is a person or a key, or what the customers file says: `engine_id` names it, `approve_engines`
    asks for no approval."""

    engine_id: str
    customer: str
    source: str
    state: EngineState
    peer: str | None
    first_seen_at: Moment
    last_seen_at: Moment
    messages: int
    authenticated: bool
    boots: int | None
    engine_time: int | None
    approved_by: str | None
    approved_at: Moment | None


class EnginePage(View):
    items: list[EngineView]
    next: str | None


class ForgottenEngineView(View):
    """An engine as it was when `forgotten_by` forgot it; `approved_by` is null when it still waited for approval. It may have
    come again since."""

    engine_id: str
    customer: str
    source: str
    peer: str | None
    messages: int
    approved_by: str | None
    approved_at: Moment | None
    forgotten_by: str
    forgotten_at: Moment


class ForgottenEnginePage(View):
    items: list[ForgottenEngineView]
    next: str | None


class ApprovalDeed(View):
    """`customer` (code) and `source` are needed when the engine speaks for several sources, or was not seen yet. `reprocess`: the
    notifications that waited for it are processed again too. `actor` is the person for whom the caller speaks."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"customer": "ACME", "source": "sepm-1", "reprocess": True, "actor": "jperez"}]}
    )

    customer: Named | None = None
    source: Named | None = None
    reprocess: bool = False
    actor: Person | None = None


class Approved(View):
    """`reprocessed` notifications waited for the approval; `left` still do: ask again for the rest."""

    engine: EngineView
    reprocessed: int
    left: int
