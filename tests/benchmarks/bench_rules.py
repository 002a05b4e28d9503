"""How long the rules take for one notification: shipped packs, 1,000 generated rules in three forms, hostile mails.
Run it as `python -m tests.benchmarks.bench_rules`. One thread, warm; `same` repeats one notification, `other` never."""

import itertools
import timeit
from collections.abc import Callable, Iterator

from collector.domain.mail import Mail
from collector.domain.trap import Pdu, SnmpVersion, Trap, VarbindValue
from rules.engine import RuleSet
from rules.loader import builtin_packs_path, load_packs
from rules.selftest import trap_of

HEALTH = "1.3.6.1.4.1.3417.2.12"
MADE = "1.3.6.1.4.1.99999"
RULES = 1_000


def trap(oid: str, *varbinds: tuple[str, VarbindValue]) -> Trap:
    found = [(name, 2 if isinstance(value, int) else 4, value) for name, value in varbinds]
    return Trap(SnmpVersion.V2C, b"public", Pdu.TRAP_V2, 1, oid, 1, found)


def microseconds(work: Callable[[], object], *, number: int) -> float:
    """The best of five runs."""
    return min(timeit.repeat(work, number=number, repeat=5)) / number * 1e6


def rule(number: int, detection: str, example: str) -> str:
    return f"""
  - name: made-{number}
    title: Made
    detection: {{seen: {{{detection}}}, condition: seen}}
    case:
      kind: severity_case
      severity: 3
      key: [made, "{{source}}", "{{text}}"]
      title: {{es: "{{text}} en {{source}}", en: "{{text}} on {{source}}"}}
    tests:
      - {{name: matches, trap: {example}, expect: {{severity: 3}}}}
      - {{name: does not, trap: {{oid: "{MADE}.999999", varbinds: {{}}}}, expect: no_match}}"""


def kind(name: str, oid: str) -> str:
    return f"""
  {name}: {{snmp: {{trap_oid: "{oid}", fields: {{text: {{oid: "{MADE}.9.1"}}}}}}}}"""


def made_pack(form: str) -> str:
    """A pack of RULES rules: a kind each (`kinds`), or one kind with a value (`values`) or a substring (`substrings`) each."""
    head = "format: 1\npack: made\ntitle: Made\nproducts: [made]\nnotifications:"
    many = [kind(f"made_{n}", f"{MADE}.1.{n}") for n in range(RULES)]
    kinds = "".join(many) if form == "kinds" else kind("made", f"{MADE}.1.1")
    rules = []
    for n in range(RULES):
        text = f"text that says word{n}x here"
        oid = f"{MADE}.1.{n if form == 'kinds' else 1}"
        example = f'{{oid: "{oid}", varbinds: {{"{MADE}.9.1.0": "{text}"}}}}'
        detection = {
            "kinds": f"notification: made_{n}",
            "values": f'notification: made, text: "{text}"',
            "substrings": f'notification: made, "text|contains": "word{n}x"',
        }[form]
        rules.append(rule(n, detection, example))
    return f"{head}{kinds}\nrules:{''.join(rules)}\n"


def distinct(oid: str, varbind: str, form: str) -> Iterator[Trap]:
    for number in itertools.count():
        yield trap(oid, (varbind, form.format(number).encode()))


def load(form: str) -> RuleSet:
    result = load_packs([("made.yaml", made_pack(form))])
    if result.refused:
        raise SystemExit(str(result.refused["made.yaml"])[:500])
    return result.ruleset


def trap_cost(ruleset: RuleSet, found: Trap, product: str, *, number: int) -> float:
    return microseconds(lambda: ruleset.classify_trap(found, source="console", products=(product,)), number=number)


def mail_cost(ruleset: RuleSet, found: Mail, *, number: int) -> float:
    return microseconds(lambda: ruleset.classify_mail(found, source="console", products=()), number=number)


def show(name: str, cost: float) -> None:
    print(f"{name:<44} {cost:>10.2f} us", flush=True)


def shipped(ruleset: RuleSet) -> None:
    product, message = "bluecoat-proxysg", f"{HEALTH}.1.1.1.0"
    windows = next(test for pack in ruleset.packs for r in pack.rules for test in r.tests if "Windows SNMP" in test.name)
    for name, found in (
        ("ProxySG health critical, same", trap(f"{HEALTH}.2.0.3", (message, b"CPU Utilization: CRITICAL"))),
        ("ProxySG health OK, same", trap(f"{HEALTH}.2.0.1", (message, b"CPU Utilization is OK"))),
        ("SEP through Windows, same", trap_of(windows)),
        ("unknown OID", trap(f"{MADE}.5", (message, b"x"))),
    ):
        show(name, trap_cost(ruleset, found, product, number=20_000))
    others = distinct(f"{HEALTH}.2.0.3", message, "CPU Utilization {} is CRITICAL")
    cost = microseconds(lambda: ruleset.classify_trap(next(others), source="console", products=(product,)), number=20_000)
    show("ProxySG health critical, other", cost)


def generated() -> None:
    for form in ("kinds", "values", "substrings"):
        ruleset = load(form)
        for name, number, text in (
            ("last rule", RULES - 1, f"text that says word{RULES - 1}x here"),
            ("no rule", RULES, "nothing of that kind is in here"),
        ):
            found = trap(f"{MADE}.1.{number if form == 'kinds' else 1}", (f"{MADE}.9.1.0", text.encode()))
            show(f"{RULES} rules, {form}, {name}", trap_cost(ruleset, found, "made", number=2_000))


def mails(ruleset: RuleSet) -> None:
    row = "Virus found, IP Address: 192.0.2.17, Computer name: pc-17, Risk name: Trojan.Gen, Actual action: Left alone\n"
    prose = "This paragraph stands for the words that consoles and relays put around a notification.\n"
    for name, text in (
        ("risk mail of 2 KB", row + prose * 20),
        ("risk mail of 20 KB", row + prose * 220),
        ("digest of 100 rows", row * 100),
        ("hostile: 1 MB of colons", row + ":" * 1_000_000),
        ("hostile: 1 MB of newlines", row + "\n" * 1_000_000),
        ("hostile: 1 MB of labels in one line", row + "Risk name: a, " * 70_000),
        ("hostile: 1 MB of rows", row * 9_000),
        ("hostile: 1 MB of characters that grow", row + "\ufdfa" * 1_000_000),
    ):
        show(name, mail_cost(ruleset, Mail("Single Risk Event", text), number=200 if len(text) < 30_000 else 3))


def main() -> None:
    ruleset = load_packs(builtin_packs_path()).ruleset
    shipped(ruleset)
    generated()
    mails(ruleset)


if __name__ == "__main__":
    main()
