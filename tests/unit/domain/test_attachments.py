"""Which attachments are suspicious, by name and type alone."""

import pytest

from collector.domain.attachments import Doubt, doubts_about
from collector.domain.mail import Attachment


def attached(name: str, content_type: str = "application/octet-stream") -> Attachment:
    return Attachment(name, content_type, 3, "00")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("logs.zip", "", id="what the service takes"),
        pytest.param("captura.PNG", "", id="a picture"),
        pytest.param("informe.pdf", "", id="a document"),
        pytest.param("sin extension", "", id="no extension"),
        pytest.param("", "", id="no name"),
        pytest.param("a.exe", "executable", id="a program"),
        pytest.param("A.SCR", "executable", id="capitals"),
        pytest.param("a.exe. . ", "executable", id="points and blanks that Windows leaves out"),
        pytest.param("a.txt. exe", "executable double_extension", id="a blank behind the point"),
        pytest.param("a.exe::$DATA", "executable", id="the name of a stream"),
        pytest.param("a\N{FULLWIDTH FULL STOP}exe", "executable", id="a point of full width"),
        pytest.param("a.lnk", "executable", id="a shortcut"),
        pytest.param("a.js", "script", id="a script"),
        pytest.param("factura.html", "script", id="a page"),
        pytest.param("a.xlsm", "macros", id="macros"),
        pytest.param("a.iso", "disk_image", id="a disk image"),
        pytest.param("a.7z", "archive", id="an archive that the service does not take"),
        pytest.param("factura.pdf.exe", "executable double_extension", id="two extensions"),
        pytest.param("informe.v2.docx", "", id="a point within the name"),
        pytest.param("logs.txt.zip", "", id="a packed document"),
        pytest.param("a\N{REPLACEMENT CHARACTER}fdp.exe", "executable hidden_name", id="a name that was turned round"),
        pytest.param("a" * 255, "hidden_name", id="a name that was cut"),
    ],
)
def test_a_name_tells(name: str, words: str) -> None:
    assert doubts_about(attached(name)) == tuple(Doubt(word) for word in words.split())


@pytest.mark.parametrize(
    ("content_type", "words"),
    [
        pytest.param("application/x-msdownload", "executable double_extension", id="a program"),
        pytest.param("Application/Vnd.MS-Excel.Sheet.MacroEnabled.12", "macros double_extension", id="macros, capitals"),
        pytest.param("text/plain", "", id="text"),
    ],
)
def test_a_type_tells_what_a_harmless_name_does_not(content_type: str, words: str) -> None:
    assert doubts_about(attached("a.txt.dat", content_type)) == tuple(Doubt(word) for word in words.split())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("muestra.zip", "password", id="zip"),
        pytest.param("muestra.rar", "password", id="rar"),
        pytest.param("muestra.7z", "archive password", id="another archive"),
        pytest.param("informe.pdf", "", id="no archive"),
    ],
)
def test_an_archive_beside_a_password_is_suspicious(name: str, words: str) -> None:
    assert doubts_about(attached(name), password=True) == tuple(Doubt(word) for word in words.split())
