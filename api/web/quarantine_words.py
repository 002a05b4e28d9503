"""Texts of the page about what is in quarantine and which engines wait for approval."""

from collections.abc import Mapping

QUARANTINE_WORDS: Mapping[str, tuple[str, str]] = {
    "quarantine.title": ("En cuarentena hoy", "In quarantine today"),
    "quarantine.listed": (
        "Llegó hoy (UTC) y no se creyó, no se entendió o no es de ningún cliente: los {n} avisos más nuevos que se guardaron.",
        "It came today (UTC) and was not believed, not understood or no customer's: the newest {n} notifications that were kept.",
    ),
    "quarantine.counted": (
        "Hoy se contaron {n}; de lo rechazado se guardan solo los primeros de cada hora.",
        "{n} were counted today; of what was refused only the first ones of each hour are kept.",
    ),
    "quarantine.none": ("No hay ninguno.", "There is none."),
    "quarantine.time": ("Recibido", "Received"),
    "quarantine.peer": ("Desde", "From"),
    "quarantine.source": ("Consola", "Console"),
    "quarantine.outcome": ("Resultado", "Outcome"),
    "quarantine.reason": ("Motivo", "Reason"),
    "quarantine.said_to_be": (
        "Su usuario y su dirección indican esta consola, pero nada lo prueba",
        "Its user and address name this console, but nothing proves it",
    ),
    "engines.title": ("Motores SNMPv3 que esperan aprobación", "SNMPv3 engines that wait for approval"),
    "engines.why": (
        "Lo que mandan no abre casos hasta que se aprueban. Si es el de la consola, quien administra el collector ejecuta:",
        "What they send opens no case before they are approved. If it is the console's, whoever administers the collector runs:",
    ),
    "engines.none": ("Ninguno espera.", "None waits."),
    "engines.more": (
        "Hay más: `collector snmp engines --state seen` los lista todos.",
        "There are more: `collector snmp engines --state seen` lists them all.",
    ),
    "engines.peer": ("Desde", "From"),
    "engines.messages": ("Mensajes", "Messages"),
    "engines.since": ("Espera desde", "Waits since"),
    "engines.last": ("Último", "Last"),
}
"""Key → (Spanish, English)."""
