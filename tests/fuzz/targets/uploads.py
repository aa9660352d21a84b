"""A form with files. The first line is the content type with its boundary."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bots.web.downloads import disposition
from bots.web.uploads import fault, kept, listed, media_type_of, read
from tests.fuzz.loop import LOOP
from tests.fuzz.posted import posted
from tests.fuzz.sound import can_be_written, is_plain_name

_FORM = b"multipart/form-data; boundary=B\n"
SEEDS = (
    _FORM + b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\nGungan \xc3\xa4r trasig\r\n--B--\r\n',
    _FORM + b'--B\r\nContent-Disposition: form-data; name="files"; filename="bild.exe"\r\n'
    b"Content-Type: image/svg+xml\r\n\r\n\xff\xd8\xff\xe0JFIF\r\n--B--\r\n",
    _FORM + b'--B\r\nContent-Disposition: form-data; name="f"; filename="../../a\xe2\x80\xaegnp.html"\r\n\r\n'
    b"%PDF-1.7\r\n--B\r\nContent-Disposition: form-data; name*=utf-8''x\r\n\r\n\r\n--B--",
    b'multipart/form-data; boundary="a b"; charset=utf-8\n--a b\r\n\r\n--a b--',
    b"multipart/form-data; charset=idna; boundary=B\n--B",
    b"multipart/form-data\n--",
)


def fuzz(data: bytes) -> None:
    """Read the form: its fields and files can be kept, or it is refused in an orderly way."""
    request = posted(data)
    try:
        sent = LOOP.run_until_complete(read(Request(request.scope, request.receive)))
    except HTTPException as refused:
        assert refused.status_code in {400, 408, 413, 415}
        return
    can_be_written([*sent.fields, *sent.fields.values(), fault(sent)])
    assert len(listed(sent.files)) == len(kept(sent.files))
    for file in sent.files:
        is_plain_name(file.name)
        assert file.media_type == media_type_of(file.data)
        disposition(file.name).encode("latin-1")
