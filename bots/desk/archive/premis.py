"""Writes what is known of how the files came to be and how they are recognised: PREMIS 3."""

from collections.abc import Iterable
from datetime import datetime

from lxml import etree

from bots.desk.archive.plain import moment
from bots.desk.archive.writing import Kept

NAMESPACE = "http://www.loc.gov/premis/v3"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def write(files: Iterable[Kept], *, package: str, software: str, version: str, at: datetime) -> bytes:
    """Write an object for each file of the representation, and the event that put them into the package."""
    root = etree.Element(_tag("premis"), {"version": "3.0"}, nsmap={None: NAMESPACE, "xsi": _INSTANCE})
    for one in files:
        made = _typed(root, "object", "file")
        _identified(made, "object", one.path)
        about = _add(made, "objectCharacteristics")
        fixity = _add(about, "fixity")
        _add(fixity, "messageDigestAlgorithm", "SHA-256")
        _add(fixity, "messageDigest", one.sha256)
        _add(about, "size", str(one.size))
        _add(_add(_add(about, "format"), "formatDesignation"), "formatName", one.media_type)
        if one.name:
            _add(made, "originalName", one.name)
        link = _add(made, "linkingEventIdentifier")
        _add(link, "linkingEventIdentifierType", "local")
        _add(link, "linkingEventIdentifierValue", package)
    event = _add(root, "event")
    _identified(event, "event", package)
    _add(event, "eventType", "information package creation")
    _add(event, "eventDateTime", moment(at))
    _add(_add(event, "eventOutcomeInformation"), "eventOutcome", "success")
    link = _add(event, "linkingAgentIdentifier")
    _add(link, "linkingAgentIdentifierType", "local")
    _add(link, "linkingAgentIdentifierValue", software)
    agent = _add(root, "agent")
    _identified(agent, "agent", software)
    _add(agent, "agentName", software)
    _add(agent, "agentType", "software")
    _add(agent, "agentVersion", version)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _identified(parent: etree._Element, what: str, value: str) -> None:
    made = _add(parent, f"{what}Identifier")
    _add(made, f"{what}IdentifierType", "local")
    _add(made, f"{what}IdentifierValue", value)


def _typed(parent: etree._Element, name: str, kind: str) -> etree._Element:
    return etree.SubElement(parent, _tag(name), {f"{{{_INSTANCE}}}type": kind})


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    made = etree.SubElement(parent, _tag(name))
    made.text = text
    return made


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
