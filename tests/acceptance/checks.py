"""What acceptance tests ask of a collector that they have troubled: everything acknowledged is there, nothing is there twice."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.acceptance.harness import Running
from tests.acceptance.senders import MailClient

Json = dict[str, Any]


def numbered(kind: str, numbers: Iterable[int], *, metrics: int = 10) -> list[str]:
    """Texts of health traps, each its own, that make as many cases as there are metrics."""
    return [f"{kind}{number % metrics}: CRITICAL no {number}" for number in numbers]


def assert_traps_once(running: Running, kind: str, texts: Iterable[str], *, listed: Iterable[Json] | None = None) -> None:
    """Each text belongs to exactly one notification that is in a case, and the cases count just these. What came twice is a
    duplicate."""
    wanted = Counter(texts)
    items = running.notifications() if listed is None else listed
    found = Counter(str(item["fields"].get("message")) for item in items if item["state"] == "case")
    assert Counter({text: count for text, count in found.items() if text.startswith(kind)}) == wanted
    cases = running.cases(text=f"({kind.lower()}")
    assert sum(case["occurrences"] for case in cases) == sum(wanted.values())
    assert len(cases) == len({case["title"] for case in cases}) == len({text.partition(":")[0] for text in wanted})


def hosts_of(client: MailClient) -> dict[str, str]:
    """Computer → id in the 250 reply, of the mails made by `senders.risk`."""
    return {mark.removeprefix("risk-").removesuffix("-Leftalone"): found for mark, found in client.acknowledged.items()}


def assert_mails_once(running: Running, hosts: Mapping[str, str], *, listed: Iterable[Json] | None = None) -> None:
    """`hosts`: computer → id in the 250 reply. Each id exists, each computer has one case of one notification."""
    items = {item["id"]: item for item in (running.notifications() if listed is None else listed)}
    assert {identity for identity in hosts.values() if identity not in items} == set()
    assert {items[identity]["state"] for identity in hosts.values()} <= {"case", "duplicate"}
    found = Counter(item["fields"].get("host") for item in items.values() if item["state"] == "case")
    assert {host: found[host] for host in hosts} == dict.fromkeys(hosts, 1)
    cases = {case["host"]: case["occurrences"] for case in running.cases(kind="threat_incident") if case["host"] in hosts}
    assert cases == dict.fromkeys(hosts, 1)
