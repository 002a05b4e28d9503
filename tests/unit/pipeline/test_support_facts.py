"""What is read out of people's mails, in the languages in which they write, and what is rather left missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.pipeline.support_facts import LABELS, facts_in, names_password, own_lines, plain, priority_in

SPANISH = """\
Buen día:
Nombre de contacto: Ana Núñez
Correo electrónico: ana@acme.example
Teléfono: +54 11 5555-0000
Producto y versión: Symantec Endpoint Protection 14.3 RU8
Sistema operativo: Windows Server 2019
Prioridad (Nivel 1-4): 2
Descripción: La consola no abre.
Pasa desde ayer.
"""
ENGLISH = """\
Contact name: John Doe
E-mail: john@acme.example
Product: ProxySG
Version: 7.3.9
OS: SGOS
Severity 3
Description:

Policy does not install.
"""
PORTUGUESE = "Contato: João\nProduto: DLP\nVersão: 16.0\nSistema operacional: Linux\nPrioridade - 4\n"
FRENCH = "Nom : Zoé\nProduit : SMG\nVersion : 10.9\nSystème d'exploitation : SGOS\nPriorité n° 3\nTéléphone : 01\n"


@pytest.mark.parametrize(
    ("text", "facts", "priority"),
    [
        pytest.param(
            SPANISH,
            {
                "contact": "Ana Núñez",
                "contact_mail": "ana@acme.example",
                "phone": "+54 11 5555-0000",
                "product": "Symantec Endpoint Protection 14.3 RU8",
                "os": "Windows Server 2019",
                "priority": "2",
                "description": "La consola no abre.\nPasa desde ayer.",
            },
            2,
            id="Spanish",
        ),
        pytest.param(
            ENGLISH,
            {
                "contact": "John Doe",
                "contact_mail": "john@acme.example",
                "product": "ProxySG",
                "product_version": "7.3.9",
                "os": "SGOS",
                "description": "Policy does not install.",
            },
            3,
            id="English",
        ),
        pytest.param(
            PORTUGUESE,
            {"contact": "João", "product": "DLP", "product_version": "16.0", "os": "Linux"},
            4,
            id="Portuguese",
        ),
        pytest.param(
            FRENCH, {"contact": "Zoé", "product": "SMG", "product_version": "10.9", "os": "SGOS", "phone": "01"}, 3, id="French"
        ),
        pytest.param("Producto\tSEP\nVersión\t14\n", {"product": "SEP", "product_version": "14"}, None, id="cells of a table"),
        pytest.param(
            "Producto:\n\nSEP\nVersión:\n14\n", {"product": "SEP", "product_version": "14"}, None, id="on the next line"
        ),
        pytest.param("* Producto: **SEP**\n", {"product": "SEP"}, None, id="marks around them"),
        pytest.param("Producto: SEP\nProducto: DLP\n", {"product": "SEP"}, None, id="the first counts"),
        pytest.param("Producto:\nVersión: 14\n", {"product_version": "14"}, None, id="a label without a value"),
        pytest.param("Hola, no anda nada.\nGracias: Ana\n", {}, None, id="nothing is said"),
        pytest.param("Prioridad: urgente\n", {"priority": "urgente"}, None, id="a priority in other words"),
    ],
)
def test_labelled_lines_are_read_in_any_of_the_languages(text: str, facts: dict[str, str], priority: int | None) -> None:
    lines = own_lines(text)
    assert (facts_in(lines), priority_in("", lines)) == (facts, priority)


@pytest.mark.parametrize(
    ("subject", "text", "priority"),
    [
        pytest.param("Nivel 1: sin servicio", "", 1, id="in the subject"),
        pytest.param("SEPM caído - Sev2", "", 2, id="at the end of the subject"),
        pytest.param("Consulta", "Nivel de prioridad: Nivel 4", 4, id="two words of it"),
        pytest.param("Consulta", "- Gravedad = 3", 3, id="behind a dash"),
        pytest.param("Nivel 2", "Prioridad: 2", 2, id="said twice"),
        pytest.param("Nivel 2", "Prioridad: 3", None, id="two of them"),
        pytest.param("Consulta", "Nivel 1: total\nNivel 2: parcial\nNivel 3: leve", None, id="a list of what they mean"),
        pytest.param("Consulta", "Prioridad (Nivel 1-4):", None, id="a form that was not filled in"),
        pytest.param("Consulta", "Prioridad: 1 a 4", None, id="a range"),
        pytest.param("Consulta", "Prioridad (1-4) 3", 3, id="behind a range"),
        pytest.param("Consulta", "Lo vio soporte de nivel 2", None, id="within a sentence"),
        pytest.param("Consulta", "Nivel 5", None, id="no such level"),
        pytest.param("Consulta", "Nivel 14.2", None, id="a version"),
        pytest.param("Consulta", "Nivel 2.1", None, id="another one"),
        pytest.param("Consulta", "Nivel de firma 1", None, id="a level of something else"),
        pytest.param("Nivel 3, 40 equipos", "", 3, id="a number behind it"),
    ],
)
def test_a_priority_is_taken_only_where_it_is_beyond_doubt(subject: str, text: str, priority: int | None) -> None:
    assert priority_in(subject, text.split("\n")) == priority


@pytest.mark.parametrize(
    "quote",
    [
        pytest.param("> Prioridad: 1", id="marked lines"),
        pytest.param("-----Original Message-----\nPrioridad: 1", id="a ruler in English"),
        pytest.param("----- Mensaje original -----\nPrioridad: 1", id="a ruler in Spanish"),
        pytest.param("________________________________\nDe: Ana\nPrioridad: 1", id="a line"),
        pytest.param("De: Ana <a@x.example>\nEnviado el: lunes\nPara: b\nPrioridad: 1", id="a header in Spanish"),
        pytest.param("From: Ana\nTo: b\nSent: Monday\nPrioridad: 1", id="a header in English"),
        pytest.param("El lun, 5 ene 2026 a las 10:00, Ana <a@x.example> escribió:\nPrioridad: 1", id="one sentence in Spanish"),
        pytest.param("On Mon, Ana wrote:\nPrioridad: 1", id="one sentence in English"),
        pytest.param("Em seg., Ana escreveu:\nPrioridad: 1", id="one sentence in Portuguese"),
        pytest.param("Le lun., Ana a écrit :\nPrioridad: 1", id="one sentence in French"),
    ],
)
def test_what_is_quoted_is_not_the_senders_own(quote: str) -> None:
    lines = own_lines(f"Sigue igual.\n{quote}")
    assert (lines, priority_in("", lines)) == (["Sigue igual."], None)
    assert priority_in("", own_lines(quote)) == 1, "a mail that only forwards is read whole"


def test_a_sentence_that_begins_with_from_is_no_quote() -> None:
    assert len(own_lines("De: contabilidad\nno abre la consola\nPrioridad: 3")) == 3


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        pytest.param("La contraseña es infected", True, id="Spanish"),
        pytest.param("PASSWORD: infected", True, id="English"),
        pytest.param("A senha é 1", True, id="Portuguese"),
        pytest.param("Le mot de passe est 1", True, id="French"),
        pytest.param("enclavado", False, id="within a word"),
    ],
)
def test_a_password_is_noticed(text: str, speaks: bool) -> None:
    assert names_password([text]) is speaks


def test_labels_are_written_as_they_are_looked_up() -> None:
    labels = [label for listed in LABELS.values() for label in listed]
    assert [label for label in labels if label != " ".join(plain(label).split()) or not label.replace(" ", "").isalnum()] == []
    assert len(labels) == len(set(labels)), "one label means one field"


@given(st.text(alphabet=st.sampled_from("Prioridadnvel 1234:=\t\n-()>\u0301\ufdfaÑ"), max_size=300))
def test_whatever_stands_there_the_answer_is_a_level_or_none(text: str) -> None:
    lines = own_lines(text)
    assert priority_in(text, lines) in (None, 1, 2, 3, 4)
    assert set(facts_in(lines)) <= set(LABELS)
