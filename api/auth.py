"""Who calls and what they may: API keys as bearer tokens (RFC 6750). Keys themselves are the store's, scopes the domain's."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from api.problems import Problem
from api.tools import ApiTools
from collector.domain.ids import CustomerId
from collector.domain.scopes import Scope, allows
from collector.store.api_keys import find_api_key

_REALM = 'Bearer realm="collector"'
_bearer = HTTPBearer(auto_error=False, scheme_name="apiKey", description="An API key of this collector: `cak_...`.")


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a valid key. `customer_id` None means all customers; `destination` is the ticketing backend it speaks for."""

    key_id: int
    name: str
    customer_id: CustomerId | None
    destination: str

    def actor(self, person: str | None = None) -> str:
        """How the log names them: `key:<name>`, with the person they speak for `key:<name>/<person>`."""
        return f"key:{self.name}/{person}" if person else f"key:{self.name}"

    def may_see(self, customer_id: CustomerId | None) -> bool:
        """Whether things of this customer (None: of strangers) are theirs to see."""
        return self.customer_id is None or self.customer_id == customer_id


async def tools_of(request: Request) -> ApiTools:
    """What the application was made with."""
    tools: ApiTools = request.app.state.tools
    return tools


Tools = Annotated[ApiTools, Depends(tools_of)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def caller_of(scopes: SecurityScopes, credentials: Credentials, tools: Tools) -> Caller:
    """Raise Problem: 401 without a valid key, 403 when it lacks a scope."""
    if credentials is None:
        raise Problem(401, "no_key", "this needs an API key: Authorization: Bearer cak_...", headers={"WWW-Authenticate": _REALM})
    with tools.store.read() as connection:
        key = find_api_key(connection, credentials.credentials, at=tools.clock.now())
    if key is None:
        challenge = f'{_REALM}, error="invalid_token"'
        raise Problem(401, "bad_key", "the API key is unknown, expired or revoked", headers={"WWW-Authenticate": challenge})
    for wanted in map(Scope, scopes.scopes):
        if not allows(key.scopes, wanted):
            challenge = f'{_REALM}, error="insufficient_scope", scope="{wanted}"'
            detail = f"the API key {key.name} lacks the scope {wanted}"
            raise Problem(
                403, "missing_scope", detail, headers={"WWW-Authenticate": challenge}, extra={"missing_scope": wanted.value}
            )
    return Caller(key.id, key.name, key.customer_id, key.destination)


CasesReader = Annotated[Caller, Security(caller_of, scopes=[Scope.CASES_READ.value])]
CasesWriter = Annotated[Caller, Security(caller_of, scopes=[Scope.CASES_WRITE.value])]
NotificationsReader = Annotated[Caller, Security(caller_of, scopes=[Scope.NOTIFICATIONS_READ.value])]
NotificationsWriter = Annotated[Caller, Security(caller_of, scopes=[Scope.NOTIFICATIONS_WRITE.value])]
HandoffReader = Annotated[Caller, Security(caller_of, scopes=[Scope.HANDOFF_READ.value])]
TicketsWriter = Annotated[Caller, Security(caller_of, scopes=[Scope.TICKETS_WRITE.value])]
EnginesReader = Annotated[Caller, Security(caller_of, scopes=[Scope.ENGINES_READ.value])]
EnginesWriter = Annotated[Caller, Security(caller_of, scopes=[Scope.ENGINES_WRITE.value])]
SourcesReader = Annotated[Caller, Security(caller_of, scopes=[Scope.SOURCES_READ.value])]
LedgerReader = Annotated[Caller, Security(caller_of, scopes=[Scope.LEDGER_READ.value])]
