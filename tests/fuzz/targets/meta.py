"""What is posted as if from Meta and rightly signed: events of pages, Instagram and WhatsApp in any shape."""

import hashlib
import hmac

from bots.channels.meta import PageSettings, Settings, WhatsappSettings, build
from tests.fuzz.hooked import SECRET, answer_by, given, nothing, post

SEEDS = (
    b'{"object":"page","entry":[{"id":"1","time":1795424400000,"messaging":[{"sender":{"id":"9"},"recipient":{"id":"1"},'
    b'"timestamp":1795424400000,"message":{"mid":"m1","text":"Gungan","attachments":[{"type":"image","payload":'
    b'{"url":"https://cdn.example/a.jpg"}},{"type":"location","payload":{"coordinates":{"lat":1,"long":2}}}]}}]}]}',
    b'{"object":"page","entry":[{"id":"1","changes":[{"field":"feed","value":{"item":"comment","verb":"add",'
    b'"comment_id":"1_2","post_id":"1_1","from":{"id":"9","name":"Eva"},"message":"Hej","created_time":1795424400}}]}]}',
    b'{"object":"instagram","entry":[{"id":"2","time":1,"changes":[{"field":"comments","value":{"id":"5","text":"x",'
    b'"from":{"id":"9","username":"eva"},"media":{"id":"7"},"parent_id":"6"}}]}]}',
    b'{"object":"whatsapp_business_account","entry":[{"id":"3","changes":[{"field":"messages","value":{"metadata":'
    b'{"phone_number_id":"4"},"contacts":[{"wa_id":"9","profile":{"name":"Bo"}}],"messages":[{"from":"9","id":"w1",'
    b'"timestamp":"1795424400","type":"text","text":{"body":"STOPP"}}],"statuses":[{"id":"w0","status":"failed",'
    b'"recipient_id":"9","errors":[{"code":131026}]}]}}]}]}',
    b'{"object":"page","entry":[{"messaging":[{"message_edit":{"mid":"m"},"sender":{"id":9}},{"postback":{}},'
    b'{"delivery":{"mids":["m"]}},{"read":{"watermark":1}},{"reaction":{"mid":"m"}}]}]}',
    b'{"object":"page","entry":[{"messaging":[{"sender":{"id":"9"},"message":{"attachments":[{"type":"image","payload":'
    b'{"url":"https://[a"}}]}}]}]}',
    b"[" * 2000,
    b'{"entry":' * 300,
)
_CHANNEL = build(
    Settings(
        app_id="1",
        app_secret="env:A",
        verify_token="env:B",
        graph_url="http://127.0.0.1:9",
        pages=[PageSettings(id="1", name="Lillkommun", token="env:C", instagram_id="2")],
        whatsapp=WhatsappSettings(phone_number_id="4", token="env:D"),
    ),
    given(),
)
answer_by(_CHANNEL.graph.service, nothing)
answer_by(_CHANNEL.files.service, nothing)


def fuzz(data: bytes) -> None:
    """Post it signed and unsigned. At least one thing is kept of what is signed."""
    own = hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
    answer, kept = post(_CHANNEL, data, headers={"x-hub-signature-256": f"sha256={own}"})
    assert answer is None or (answer.status == 200 and answer.body == b"")
    assert kept or answer is None
    forged, kept = post(_CHANNEL, data, headers={"x-hub-signature-256": data.decode("latin-1")})
    assert forged is not None
    assert forged.status == 403
    assert kept == []
