"""`Authentication-Results` as relays write it, and as hostile senders and sloppy relays do; and the address in `From` that it
must agree with."""

import pytest

from collector.pipeline.authentication_results import MethodResult, authserv_id_of, results_of
from collector.pipeline.from_field import domain_of_from
from collector.pipeline.structured_field import BadSyntax

OPENDKIM = (
    " mx.example.org;\tdkim=pass (2048-bit key; unprotected) header.d=acme.example header.i=@acme.example"
    " header.a=rsa-sha256 header.s=2026 header.b=AbC1+/dE="
)
RSPAMD = (
    "mx.example.org;\tdkim=pass header.d=acme.example header.s=2026 header.b=a/b;"
    '\tspf=pass (mx.example.org: domain of "sepm@acme.example" designates 192.0.2.44 as permitted sender)'
    " smtp.mailfrom=sepm@acme.example;\tdmarc=pass (policy=reject) header.from=acme.example"
)


def told(value: str) -> list[tuple[str, str, dict[str, str]]]:
    return [(one.method, one.result, dict(one.properties)) for one in results_of(value)]


def test_what_opendkim_writes() -> None:
    assert authserv_id_of(OPENDKIM) == "mx.example.org"
    [(method, result, properties)] = told(OPENDKIM)
    assert (method, result, properties["header.d"], properties["header.i"]) == ("dkim", "pass", "acme.example", "@acme.example")


def test_what_rspamd_writes() -> None:
    assert [(method, result) for method, result, _ in told(RSPAMD)] == [("dkim", "pass"), ("spf", "pass"), ("dmarc", "pass")]
    assert results_of(RSPAMD)[1].properties == {"smtp.mailfrom": "sepm@acme.example"}


@pytest.mark.parametrize(
    ("value", "results"),
    [
        pytest.param("mx; none", [], id="no result"),
        pytest.param("mx 1; none", [], id="no result, with a version"),
        pytest.param("mx", [], id="only a name"),
        pytest.param('"mx" 1; dkim=pass header.d=a.b', [("dkim", "pass", {"header.d": "a.b"})], id="quoted name and version"),
        pytest.param("mx 2; dkim=pass header.d=a.b", [], id="a later version"),
        pytest.param("mx; dkim/1=pass header.d=a.b", [("dkim", "pass", {"header.d": "a.b"})], id="version of the method"),
        pytest.param("mx; dkim/2=pass header.d=a.b", [], id="a later version of the method"),
        pytest.param(
            "MX; DKIM = PASS Header . D = A.b ;", [("dkim", "pass", {"header.d": "A.b"})], id="blanks and capital letters"
        ),
        pytest.param(
            'mx; spf=fail reason="a; dkim=pass header.d=acme.example" smtp.mailfrom=x@evil.example',
            [("spf", "fail", {"reason": "a; dkim=pass header.d=acme.example", "smtp.mailfrom": "x@evil.example"})],
            id="a result in a quoted string",
        ),
        pytest.param(
            "mx; spf=fail (; dkim=pass header.d=acme.example (\\) ;)) smtp.mailfrom=x@evil.example",
            [("spf", "fail", {"smtp.mailfrom": "x@evil.example"})],
            id="a result in a comment",
        ),
        pytest.param(
            'mx; spf=pass smtp.mailfrom="a@acme.example"@evil.example',
            [("spf", "pass", {"smtp.mailfrom": "a@acme.example@evil.example"})],
            id="an address in a local part",
        ),
        pytest.param("mx; dmarc=pass action=none header.from=a.b", [("dmarc", "pass", {"action": "none", "header.from": "a.b"})]),
        pytest.param(
            "mx; dkim=pass header.d==?utf-8?q?acme.example?=",
            [("dkim", "pass", {"header.d": "=?utf-8?q?acme.example?="})],
            id="an encoded word stays what it is",
        ),
    ],
)
def test_what_stands_there(value: str, results: list[tuple[str, str, dict[str, str]]]) -> None:
    assert told(value) == results


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="nothing"),
        pytest.param("; dkim=pass", id="no name"),
        pytest.param("mx dkim=pass header.d=a.b", id="no semicolon"),
        pytest.param("mx; dkim=pass (header.d=a.b", id="a comment without end"),
        pytest.param('mx; dkim=pass header.d="a.b', id="a quoted string without end"),
        pytest.param("mx; dkim=pass header.d=a.b header.d=c.d", id="a property twice"),
        pytest.param("mx; dkim=pass header.d=", id="no value"),
        pytest.param("mx; dkim", id="no result"),
        pytest.param("mx; dkim=pass; none", id="none behind a result"),
        pytest.param("mx; dkim=pass,dkim=pass", id="a comma"),
        pytest.param("mx; spf=fail smtp.mailfrom=\xe9@a.b", id="octets that are no ASCII"),
        pytest.param("mx; dkim=pass header.d=a.b) ; (", id="parentheses the wrong way"),
        pytest.param("mx;" + "(" * 16_000, id="parentheses"),
        pytest.param("mx;" + ";" * 16_000, id="semicolons"),
        pytest.param('mx; dkim=pass header.d="' + "\\" * 16_001, id="backslashes"),
    ],
)
def test_what_is_not_as_it_must_be_counts_as_a_whole_for_nothing(value: str) -> None:
    with pytest.raises(BadSyntax):
        results_of(value)


def test_what_spf_alone_writes_has_no_name_of_a_relay() -> None:
    """As one large provider does: the first method stands in the place of the authserv-id."""
    assert authserv_id_of("spf=pass (sender IP is 192.0.2.44) smtp.mailfrom=acme.example") == "spf"


def test_equal_results_are_equal() -> None:
    assert results_of("mx; spf=pass") == (MethodResult("spf", "pass", {}),)


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        pytest.param(" sepm@acme.example", "acme.example", id="an address"),
        pytest.param("SEPM <sepm@ACME.example>", "acme.example", id="with a name"),
        pytest.param('"a@evil.example" <sepm@acme.example>', "acme.example", id="a name that is an address, quoted"),
        pytest.param("=?utf-8?q?Jos=C3=A9?= <sepm@acme.example> (x@evil.example)", "acme.example", id="encoded name, comment"),
        pytest.param("Jos\xe9 P. <sepm@acme.example>", "acme.example", id="raw octets in the name"),
        pytest.param('"a b"@acme.example', "acme.example", id="a quoted local part"),
        pytest.param("a@evil.example <sepm@acme.example>", "", id="a name that is an address"),
        pytest.param("sepm@acme.example, x@evil.example", "", id="two addresses"),
        pytest.param("<sepm@acme.example> <x@evil.example>", "", id="two in brackets"),
        pytest.param("group: sepm@acme.example;", "", id="a group"),
        pytest.param("<@evil.example:sepm@acme.example>", "", id="a route"),
        pytest.param("sepm@acme.example@evil.example", "", id="two signs"),
        pytest.param("sepm@[192.0.2.44]", "", id="no name of a domain"),
        pytest.param("sepm@acme.ex\xe1mple", "", id="a domain that is no ASCII"),
        pytest.param("=?utf-8?q?sepm=40acme.example?=", "", id="an encoded address"),
        pytest.param("SEPM", "", id="no address"),
        pytest.param("", "", id="nothing"),
        pytest.param("(" * 16_000, "", id="parentheses"),
    ],
)
def test_the_only_address_in_from(value: str, domain: str) -> None:
    assert domain_of_from(value) == domain
