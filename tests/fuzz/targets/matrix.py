"""An event of a Matrix room, as its server tells of it."""
# ruff: noqa: E501 - seeds are as they come over the wire

import json

from bots.channels.matrix_reading import Room, read
from tests.fuzz.sound import NOW, is_kept

SEEDS = (
    b'{"type":"m.room.message","sender":"@eva:example.org","event_id":"$a","origin_server_ts":1795424400000,"content":'
    b'{"msgtype":"m.text","body":"Gungan"}}',
    b'{"type":"m.room.message","sender":"@eva:example.org","event_id":"$b","origin_server_ts":1,"content":{"msgtype":'
    b'"m.text","body":"* Ny","m.new_content":{"msgtype":"m.text","body":"Ny"},"m.relates_to":{"rel_type":"m.replace",'
    b'"event_id":"$a"}}}',
    b'{"type":"m.room.message","sender":"@eva:example.org","event_id":"$c","content":{"msgtype":"m.image","body":"b.png",'
    b'"url":"mxc://example.org/a","info":{"mimetype":"image/png","size":5},"filename":"../b.png"}}',
    b'{"type":"m.room.redaction","sender":"@eva:example.org","event_id":"$d","redacts":"$a","content":{}}',
    b'{"type":"m.room.encrypted","sender":"@eva:example.org","event_id":"$e","content":{}}',
    b'{"type":"m.room.member","state_key":"@eva:example.org","sender":"@eva:example.org","event_id":"$f","content":'
    b'{"membership":"leave"}}',
    b'{"type":"m.room.message","sender":"@eva:example.org","event_id":"$g","origin_server_ts":true,"content":{"msgtype":'
    b'"m.text","body":"> <@a:b> x\\n\\n!status","m.relates_to":{"m.in_reply_to":{"event_id":"$a"}}}}',
    b'{"type":"m.room.message","sender":"@s:lillkommun.example","event_id":"$h","content":{"body":"\\ud800","msgtype":7}}',
    b'{"origin_server_ts":1e400,"a":-0.0}',
)
_ROOMS = (
    Room(id="!a:example.org", names={"@eva:example.org": "Eva\x00 Exempel"}),
    Room(id="!b:example.org", names={}, is_group=True),
)


def fuzz(data: bytes) -> None:
    """Read the event in a room of two and in a group."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return
    for room in _ROOMS:
        found = read(told, room, account="@synpunkt:lillkommun.example", now=NOW)
        if found is None:
            continue
        is_kept(found.inbound)
        is_kept(found.with_file(b"fil", "Filen saknas."))
        assert not room.is_group or found.inbound.sender is None
