"""The certificate's files: what is wrong with them is told with file and key, and a new pair is taken over when it is whole."""

import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from collector.domain.errors import ConfigurationError
from receivers.smtp.certificate import Certificate, TlsFiles, load_context
from tests.smtp_tls_kit import EXPIRES, encrypted, pair


def write(path: Path, octets: bytes) -> Path:
    """As a new file, which has an identity of its own."""
    new = path.with_suffix(".new")
    new.write_bytes(octets)
    new.rename(path)
    return path


def no_certificate(files: TlsFiles) -> TlsFiles:
    return replace(files, certificate=files.certificate.with_name("none.crt"))


def no_key(files: TlsFiles) -> TlsFiles:
    return replace(files, key=files.key.with_name("none.key"))


def text_as_certificate(files: TlsFiles) -> TlsFiles:
    write(files.certificate, b"no certificate")
    return files


def certificate_as_key(files: TlsFiles) -> TlsFiles:
    return replace(files, key=files.certificate)


def key_of_another(files: TlsFiles) -> TlsFiles:
    write(files.key, pair("other.example").key)
    return files


def key_under_a_password(files: TlsFiles) -> TlsFiles:
    write(files.key, encrypted(pair().key))
    return files


def nobody_vouches(files: TlsFiles) -> TlsFiles:
    return replace(files, client_ca=write(files.key.with_name("ca.crt"), b"nobody"))


def a_directory(files: TlsFiles) -> TlsFiles:
    return replace(files, certificate=files.certificate.parent)


WRONG = [
    pytest.param(no_certificate, "[smtp] tls_certificate: {}/none.crt cannot be read: No such file or directory", id="missing"),
    pytest.param(a_directory, "[smtp] tls_certificate: {} cannot be read: Is a directory", id="a directory"),
    pytest.param(no_key, "[smtp] tls_key: {}/none.key cannot be read: No such file or directory", id="no key"),
    pytest.param(text_as_certificate, "[smtp] tls_certificate: {}/mx.crt holds no certificate in PEM", id="no PEM"),
    pytest.param(certificate_as_key, "[smtp] tls_key: {}/mx.crt holds no private key in PEM", id="a certificate for the key"),
    pytest.param(key_of_another, "[smtp] tls_key: {0}/mx.key is not the key of {0}/mx.crt", id="the key of another one"),
    pytest.param(
        key_under_a_password, "[smtp] tls_key: {}/mx.key is encrypted; nobody is there to type its password", id="locked"
    ),
    pytest.param(nobody_vouches, "[smtp] tls_client_ca: {}/ca.crt cannot be used: NO_CERTIFICATE_OR_CRL_FOUND", id="no CA"),
]


@pytest.mark.parametrize(("spoil", "told"), WRONG)
def test_files_that_are_no_good_are_named_with_their_key(
    spoil: Callable[[TlsFiles], TlsFiles], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Certificate(spoil(pair().write(tmp_path)))
    assert str(caught.value) == told.format(tmp_path)


def test_tls_is_1_2_or_later_and_never_negotiated_anew(tmp_path: Path) -> None:
    context, not_after = load_context(pair().write(tmp_path))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.verify_mode is ssl.CERT_NONE
    assert not_after == EXPIRES.timestamp()


def test_a_client_may_show_a_certificate_where_somebody_vouches_for_it(tmp_path: Path) -> None:
    files = pair().write(tmp_path)
    context, _ = load_context(replace(files, client_ca=files.certificate))
    assert context.verify_mode is ssl.CERT_OPTIONAL


def test_a_new_pair_is_taken_over_when_it_has_settled(tmp_path: Path) -> None:
    files = pair().write(tmp_path)
    certificate = Certificate(files)
    first = certificate.context
    certificate.look()
    assert certificate.context is first
    write(files.certificate, pair("other.example").certificate)
    certificate.look()  # the key may be on its way
    write(files.key, pair("other.example").key)
    certificate.look()
    assert certificate.context is first
    certificate.look()
    assert certificate.context is not first
    assert certificate.state.good


def test_a_pair_that_is_no_good_leaves_the_last_good_one_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = pair().write(tmp_path)
    certificate = Certificate(files)
    first = certificate.context
    write(files.certificate, b"half of one")
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            certificate.look()
    assert certificate.context is first
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "the new certificate is no good; the last good one stays"
    ]
    assert {family.name: family.samples[0][1] for family in certificate.families()} == {
        "collector_smtp_certificate_good": False,
        "collector_smtp_certificate_not_after_seconds": EXPIRES.timestamp(),
    }
    write(files.certificate, pair().certificate)
    for _ in range(2):
        certificate.look()
    assert certificate.state.good
    assert certificate.context is not first


def test_files_that_go_away_leave_the_last_good_one(tmp_path: Path) -> None:
    files = pair().write(tmp_path)
    certificate = Certificate(files)
    first = certificate.context
    files.key.unlink()
    for _ in range(3):
        certificate.look()
    assert (certificate.context is first, certificate.state.good) == (True, False)


def test_when_told_to_it_reads_files_that_look_the_same(tmp_path: Path) -> None:
    files = pair().write(tmp_path)
    certificate = Certificate(files)
    first = certificate.context
    certificate.look(at_once=True)
    assert certificate.context is not first


def test_a_link_that_leads_elsewhere_is_a_change(tmp_path: Path) -> None:
    old, new = pair().write(tmp_path, "old"), pair("other.example").write(tmp_path, "new")
    links = TlsFiles(tmp_path / "live.crt", tmp_path / "live.key")
    for link, target in ((links.certificate, old.certificate), (links.key, old.key)):
        link.symlink_to(target)
    certificate = Certificate(links)
    first = certificate.context
    for link, target in ((links.certificate, new.certificate), (links.key, new.key)):
        link.unlink()
        link.symlink_to(target)
    for _ in range(2):
        certificate.look()
    assert certificate.context is not first
