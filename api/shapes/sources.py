"""Sources as the API shows them."""

from api.schemas.sources import SnmpView, SourceView
from collector.domain.snmp_access import SnmpAccess
from collector.store.source_list import ListedSource


def view(source: ListedSource) -> SourceView:
    return SourceView(
        customer=source.customer,
        name=source.name,
        products=list(source.products),
        mailbox=source.mailbox,
        snmp=None if source.snmp is None else _snmp(source.snmp),
    )


def _snmp(access: SnmpAccess) -> SnmpView:
    user = access.user
    return SnmpView(
        version=access.version,  # type: ignore[arg-type]  # the schema spells the words out
        networks=[str(network) for network in access.networks],
        listener=access.listener or None,
        user=user.name.decode("utf-8", "backslashreplace") if user else None,
        auth_protocol=user.auth_protocol.value if user and user.auth_protocol else None,
        priv_protocol=user.priv_protocol.value if user and user.priv_protocol else None,
        min_level=user.min_level.word if user else None,  # type: ignore[arg-type]  # as above
        engine_ids=[engine_id.hex() for engine_id in user.engine_ids] if user else [],
        approve_engines=("automatic" if user.approve_engines else "by_hand") if user else None,
        weak=list(user.weak) if user else [],
    )
