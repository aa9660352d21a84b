"""Lines that the command `classify` reads, and files of labelled messages."""
# ruff: noqa: E501 - seeds are as they come over the wire

import io
from contextlib import redirect_stderr

from bots.cli import _texts
from classifier.messages import CorpusError, read
from tests.fuzz.scratch import folder

SEEDS = (
    b'{"text":"Gungan \xc3\xa4r trasig","type":"klagom\xc3\xa5l","factor":"x","lanes":["akut"]}\n\nren text\n',
    b'{"text":5}\n{"text":null}\n[]\n"x"\n{"text":"\\ud800"}',
    b'{"text":' * 500,
    b"[" * 3000,
    b'{"text":"a","type":"b","factor":"c","lanes":5}\r\n',
    b'{"text":' + b"9" * 5000 + b"}",
)
_FILE = folder() / "a.jsonl"


def fuzz(data: bytes) -> None:
    """Read the lines in both ways: a line that is no JSON is a text, or a fault that names it."""
    text = data.decode("utf-8", "replace")
    with redirect_stderr(io.StringIO()):
        for jsonl in (False, True):
            assert all(isinstance(one, str) for one in _texts(io.StringIO(text), jsonl=jsonl))
    _FILE.write_bytes(data)
    try:
        read(_FILE)
    except CorpusError as error:
        assert str(error)
