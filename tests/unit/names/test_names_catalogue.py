"""The names that come with the collector: their form, what the packs need of them, and a few facts that everybody knows."""

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files

import pytest

from collector.names.catalogue import FOLDER, catalogue, catalogue_book
from collector.names.file import form, parse
from collector.names.model import Name, NameKind
from rules.loader import builtin_packs_path, load_folders
from rules.model import SnmpSide

FILES = {file.name: file.read_bytes() for file in files("collector.names").joinpath(FOLDER).iterdir()}
BOOK = catalogue_book()


def all_names() -> Iterator[tuple[str, Name]]:
    for module in catalogue().values():
        yield from module.names.items()


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_file_is_written_as_the_program_writes_it(file: str) -> None:
    assert form(parse(FILES[file]).values()) == FILES[file].decode()


def test_no_module_stands_in_two_files() -> None:
    assert len(catalogue()) == sum(len(parse(text)) for text in FILES.values())


def test_no_oid_has_two_names() -> None:
    assert [oid for oid, times in Counter(oid for oid, _ in all_names()).items() if times > 1] == []


def test_no_module_gives_a_name_twice() -> None:
    assert [name for name, times in Counter(str(name) for _, name in all_names()).items() if times > 1] == []


def test_it_came_with_the_collector_and_from_no_file() -> None:
    assert {module.file for module in catalogue().values()} == {""}


def test_only_variables_have_labels() -> None:
    assert {name.kind for _, name in all_names() if name.labels} == {NameKind.OBJECT, NameKind.COLUMN}


SIDES = [
    pytest.param(kind.snmp, id=f"{pack.name} {kind.name}")
    for pack in load_folders([builtin_packs_path()]).ruleset.packs
    for kind in pack.kinds.values()
    if kind.snmp is not None
]


@pytest.mark.parametrize("side", SIDES)
def test_every_trap_of_the_packs_has_a_name(side: SnmpSide) -> None:
    assert [oid for oid in side.oids if BOOK.trap(oid) is None] == []


@pytest.mark.parametrize("side", SIDES)
def test_every_variable_that_the_packs_read_has_a_name(side: SnmpSide) -> None:
    read = [oid for field in side.fields for oid in field.oids]
    assert [oid for oid in read if BOOK.variable(oid) is None] == []


@pytest.mark.parametrize(
    ("oid", "name"),
    [
        ("1.3.6.1.6.3.1.1.5.1", "SNMPv2-MIB::coldStart"),
        ("1.3.6.1.6.3.1.1.5.2", "SNMPv2-MIB::warmStart"),
        ("1.3.6.1.6.3.1.1.5.3", "IF-MIB::linkDown"),
        ("1.3.6.1.6.3.1.1.5.4", "IF-MIB::linkUp"),
        ("1.3.6.1.6.3.1.1.5.5", "SNMPv2-MIB::authenticationFailure"),
        ("1.3.6.1.6.3.1.1.5.6", "RFC1213-MIB::egpNeighborLoss"),
        ("1.3.6.1.4.1.8072.4.0.2", "NET-SNMP-AGENT-MIB::nsNotifyShutdown"),
        ("1.3.6.1.2.1.88.2.0.1", "DISMAN-EVENT-MIB::mteTriggerFired"),
        ("1.3.6.1.4.1.3417.2.12.2.0.3", "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap"),
        ("1.3.6.1.4.1.3417.2.10.3.2", "BLUECOAT-AV-MIB::avAntivirusUpdateFailed"),
        ("1.3.6.1.4.1.3417.2.10.3.0.2", "BLUECOAT-AV-MIB::avAntivirusUpdateFailed"),
        ("1.3.6.1.4.1.14501.8.3.3", "BLUECOAT-CAS-MIB::casVirusDetected"),
        ("1.3.6.1.4.1.14501.11.2.1.0.6", "BLUECOAT-PACKETSHAPER-S-SERIES-MIB::psAlarmFan"),
        ("1.3.6.1.4.1.2334.1.1.0.9", "PACKETEER-MIB::psAlarmUserEvent"),
        ("1.3.6.1.4.1.3417.3.1.0.4", "BLUECOAT-DIRECTOR-TRAP-MIB::blueCoatDirectorSgChgSgDisconnected"),
        ("1.3.6.1.4.1.393.100.9.1.0.7", "PCA-Alert-MIB::pcaHostConnFailAccessDenied"),
        ("1.3.6.1.4.1.1294.3.1", "RAPTOR-SNMPv2-MIB::raptorNotifyTrap"),
    ],
)
def test_traps_that_are_known(oid: str, name: str) -> None:
    assert BOOK.trap(oid) == name


@pytest.mark.parametrize(
    ("oid", "name", "number", "label"),
    [
        ("1.3.6.1.2.1.1.3.0", "SNMPv2-MIB::sysUpTime.0", 1, None),
        ("1.3.6.1.6.3.1.1.4.1.0", "SNMPv2-MIB::snmpTrapOID.0", 1, None),
        ("1.3.6.1.6.3.1.1.4.3.0", "SNMPv2-MIB::snmpTrapEnterprise.0", 1, None),
        ("1.3.6.1.6.3.18.1.3.0", "SNMP-COMMUNITY-MIB::snmpTrapAddress.0", 1, None),
        ("1.3.6.1.6.3.18.1.4.0", "SNMP-COMMUNITY-MIB::snmpTrapCommunity.0", 1, None),
        ("1.3.6.1.2.1.2.2.1.1.3", "IF-MIB::ifIndex.3", 3, None),
        ("1.3.6.1.2.1.2.2.1.8.3", "IF-MIB::ifOperStatus.3", 2, "down"),
        ("1.3.6.1.2.1.31.1.1.1.1.12", "IF-MIB::ifName.12", 1, None),
        ("1.3.6.1.2.1.25.3.2.1.5.1", "HOST-RESOURCES-MIB::hrDeviceStatus.1", 5, "down"),
        ("1.3.6.1.2.1.88.2.1.6.0", "DISMAN-EVENT-MIB::mteFailedReason.0", -1, "localResourceLack"),
        ("1.3.6.1.4.1.2021.9.1.101.1", "UCD-SNMP-MIB::dskErrorMsg.1", 1, None),
        ("1.3.6.1.4.1.3417.2.2.1.1.1.1.3.7", "BLUECOAT-SG-DISK-MIB::deviceDiskStatus.7", 8, "ioerror"),
        ("1.3.6.1.4.1.311.1.13.1.9999.1.0", "EVNTAGENT-MIB::eventText.0", 1, None),
    ],
)
def test_variables_that_are_known(oid: str, name: str, number: int, label: str | None) -> None:
    named = BOOK.variable(oid)
    assert named is not None
    assert (named.text, named.label(number)) == (name, label)


def test_what_one_oid_means_several_things_by_has_no_name() -> None:
    # the Director sends three different notifications as this one
    assert BOOK.trap("1.3.6.1.4.1.3417.3.2.2.3.0.1") is None
