"""Which attachments of a person's mail are better not opened, told by their names and types alone: nobody looks inside. The
service takes .zip and .rar, and no infected files (service manual, section 5)."""

import unicodedata
from enum import StrEnum

from collector.domain.mail import Attachment

_CUT_NAME = 255
"""Names are kept to this length: of a longer one the end, which says what it is, is not known."""


class Doubt(StrEnum):
    """Why an attachment is suspicious."""

    EXECUTABLE = "executable"
    SCRIPT = "script"
    MACROS = "macros"
    DISK_IMAGE = "disk_image"
    ARCHIVE = "archive"
    PASSWORD = "password"  # noqa: S105 - a word for it
    DOUBLE_EXTENSION = "double_extension"
    HIDDEN_NAME = "hidden_name"


_EXTENSIONS = {
    Doubt.EXECUTABLE: (
        "appref-ms appx appxbundle apk application bin chm com cpl dll drv elf exe gadget hlp jar jnlp lnk msc msi msix msp mst"
        " ocx pif reg rpm deb scf scr sys url xll"
    ),
    Doubt.SCRIPT: (
        "bash bat cmd hta htm html js jse ksh mht mhtml php pl ps1 ps1xml psm1 py pyw rb sct sh shtml svg vb vbe vbs"
        " ws wsc wsf wsh"
    ),
    Doubt.MACROS: "docm dotm mdb accdb accde one potm ppam ppsm pptm sldm slk xla xlam xlm xlsb xlsm xltm",
    Doubt.DISK_IMAGE: "dmg img iso udf vhd vhdx vmdk",
    Doubt.ARCHIVE: "7z ace arj bz2 cab gz lha lz lzh r00 r01 tar tbz2 tgz txz uue xz z zipx zst 001",
}
_BY_EXTENSION = {extension: doubt for doubt, listed in _EXTENSIONS.items() for extension in listed.split()}
_ACCEPTED_ARCHIVES = frozenset({"zip", "rar"})
_DOCUMENTS = (
    *("avi", "bmp", "csv", "doc", "docx", "eml", "gif", "jpeg", "jpg", "log", "mov", "mp3", "mp4", "msg", "odp", "ods", "odt"),
    *("pdf", "png", "ppt", "pptx", "rtf", "tif", "tiff", "txt", "wav", "xls", "xlsx", "xml"),
)
_BY_TYPE = {
    "application/x-msdownload": Doubt.EXECUTABLE,
    "application/x-msdos-program": Doubt.EXECUTABLE,
    "application/x-dosexec": Doubt.EXECUTABLE,
    "application/x-executable": Doubt.EXECUTABLE,
    "application/vnd.microsoft.portable-executable": Doubt.EXECUTABLE,
    "application/java-archive": Doubt.EXECUTABLE,
    "application/x-msi": Doubt.EXECUTABLE,
    "application/hta": Doubt.SCRIPT,
    "application/javascript": Doubt.SCRIPT,
    "text/javascript": Doubt.SCRIPT,
    "application/x-sh": Doubt.SCRIPT,
    "application/x-iso9660-image": Doubt.DISK_IMAGE,
    "application/vnd.ms-word.document.macroenabled.12": Doubt.MACROS,
    "application/vnd.ms-excel.sheet.macroenabled.12": Doubt.MACROS,
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": Doubt.MACROS,
}


def doubts_about(attachment: Attachment, *, password: bool = False) -> tuple[Doubt, ...]:
    """What speaks against opening it, in the order of `Doubt`; empty: nothing that its name or type tells. `password`: the mail
    that it came in speaks of one, which is how archives are kept from being scanned."""
    *before, last = _extensions(attachment.name)
    found = {_BY_EXTENSION.get(last), _BY_TYPE.get(attachment.content_type.lower())} - {None}
    if found and any(extension in _DOCUMENTS for extension in before):
        found.add(Doubt.DOUBLE_EXTENSION)
    if password and (last in _ACCEPTED_ARCHIVES or Doubt.ARCHIVE in found):
        found.add(Doubt.PASSWORD)
    if "\N{REPLACEMENT CHARACTER}" in attachment.name or len(attachment.name) >= _CUT_NAME:
        found.add(Doubt.HIDDEN_NAME)
    return tuple(doubt for doubt in Doubt if doubt in found)


def _extensions(name: str) -> list[str]:
    """What stands behind the points of a name, as Windows would take it: without blanks and points at its end, and without the
    name of a stream. At least one, empty where there is no point."""
    shown = unicodedata.normalize("NFKC", name[:_CUT_NAME]).casefold().partition("::")[0].rstrip(" .")
    return [piece.strip() for piece in shown.split(".")[1:]] or [""]
