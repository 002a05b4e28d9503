"""HTML of mail programs, relays and hand-made templates as lines of text."""

import pytest

from receivers.smtp import html

PAGES = [
    pytest.param("<p>Uno</p><p>Dos<br>Tres</p>", "Uno\nDos\nTres", id="paragraphs and line breaks"),
    pytest.param("a\n  b\t\tc", "a b c", id="blanks in the source are one blank"),
    pytest.param("<TABLE><TR><TH>A<TH>B<TR><TD>1<TD>2</TABLE>end", "A\tB\n1\t2\nend", id="upper case, cells never closed"),
    pytest.param("<table><tr><td></td><td>v</td><td></td></tr></table>", "\tv\t", id="empty cells stay"),
    pytest.param("<tr><td><p>a</p><p>b</p></td><td>c</td></tr>", "a b\tc", id="paragraphs in a cell of a row"),
    pytest.param(
        "<table><tr><td width=9></td><td><p>Server: x</p>Reason: y<br>z</td><td> </td></tr></table>",
        "Server: x\nReason: y\nz",
        id="a layout table keeps its lines",
    ),
    pytest.param("<tr><td>Host:</td> <td> PC-1 </td></tr>", "Host:\tPC-1", id="blanks around cells"),
    pytest.param("<b>n</b>egrita <i> x</i>", "negrita x", id="inline elements do not part words"),
    pytest.param("<pre>a\n  b\nc</pre>d", "a\nb\nc\nd", id="preformatted lines"),
    pytest.param(
        "a<script>if (a<b) x('</td>')</script>b<STYLE>p{}</STYLE>c<title>t</title>d", "abcd", id="script, style and title"
    ),
    pytest.param("a<script>never closed <p>b", "a", id="a script that does not end"),
    pytest.param("<title>a<p>b", "a\nb", id="a title that does not end hides nothing"),
    pytest.param("a<svg/><object data=x>b<template>c</template>d", "abd", id="nor do other elements"),
    pytest.param("a<!-->b<!--->c<!-- x -->d", "abcd", id="comments of nothing"),
    pytest.param("a<!-- <b> -->b<!--[if mso]>c<![endif]-->d", "abd", id="comments"),
    pytest.param("a<![if !mso]>b<![endif]>c<?xml x?>d", "abcd", id="declarations"),
    pytest.param("<a title=\"x > y\" href='>'>link</a>", "link", id="a closing bracket in an attribute"),
    pytest.param("1 < 2 > 0 and <3", "1 < 2 > 0 and <3", id="brackets that are no tags"),
    pytest.param("&lt;a&gt; &eacute;&#8364;&#x20AC; &copy=1", "<a> é€€ &copy=1", id="entities of one level"),
    pytest.param("<o:p>x</o:p><unknown-thing y>z", "xz", id="elements that nobody knows"),
    pytest.param("<div><div><div>a</div></div></div>", "a", id="no empty lines"),
    pytest.param("", "", id="nothing"),
]


@pytest.mark.parametrize(("source", "text"), PAGES)
def test_a_page_becomes_the_lines_that_a_reader_sees(source: str, text: str) -> None:
    assert html.to_text(source) == text


@pytest.mark.parametrize(
    ("octets", "verdict"),
    [
        pytest.param(b"<html>", True, id="html"),
        pytest.param(b"\n <!DOCTYPE HTML PUBLIC>", True, id="doctype"),
        pytest.param(b"<?xml version='1'?><html xmlns=x>", True, id="xhtml"),
        pytest.param(b"<!-- made by a console --><TABLE border=0>", True, id="comment and table"),
        pytest.param(b"<USERNAME> logged on", False, id="angle brackets"),
        pytest.param(b"<htmlish>", False, id="another word"),
        pytest.param(b"Server <html>", False, id="later in the text"),
    ],
)
def test_html_without_a_content_type_is_known_by_its_beginning(octets: bytes, verdict: bool) -> None:
    assert html.looks_like_html(octets) is verdict
