"""An update as Telegram posts it."""

from bots.channels.telegram_reading import place_in, read
from tests.fuzz.sound import NOW, is_kept

SEEDS = (
    b'{"update_id":1,"message":{"message_id":5,"date":1795424400,"chat":{"id":9,"type":"private","first_name":"Eva"},'
    b'"from":{"id":9,"is_bot":false,"first_name":"Eva"},"text":"/status","entities":[{"type":"bot_command","offset":0,'
    b'"length":7}]}}',
    b'{"update_id":2,"edited_message":{"message_id":5,"date":1795424400,"edit_date":1795424401,"chat":{"id":9,"type":'
    b'"private"},"text":"Gungan","reply_to_message":{"message_id":4,"date":0,"chat":{"id":9,"type":"private"}}}}',
    b'{"update_id":3,"message":{"message_id":6,"date":1795424400,"chat":{"id":9,"type":"private"},"photo":[{"file_id":"a",'
    b'"file_unique_id":"b","width":1,"height":1,"file_size":5}],"caption":"x","media_group_id":"7"}}',
    b'{"update_id":4,"callback_query":{"id":"c","from":{"id":9,"is_bot":false,"first_name":"E"},"chat_instance":"1",'
    b'"data":"v:1","message":{"message_id":5,"date":0,"chat":{"id":9,"type":"private"}}}}',
    b'{"update_id":5,"my_chat_member":{"chat":{"id":-1,"type":"group","title":"x"},"from":{"id":9,"is_bot":false,'
    b'"first_name":"E"},"date":1795424400,"old_chat_member":{"status":"left","user":{"id":1,"is_bot":true,"first_name":'
    b'"b"}},"new_chat_member":{"status":"member","user":{"id":1,"is_bot":true,"first_name":"b"}}}}',
    b'{"update_id":6,"message":{"message_id":1,"date":99999999999999,"chat":{"id":9,"type":"private"},"location":'
    b'{"latitude":1,"longitude":2},"contact":{"phone_number":"1","first_name":"x"}}}',
    b'{"update_id":7,"message":{"message_id":1,"date":1,"chat":{"id":9,"type":"private"},"text":"\\ud800\\u0000"}}',
    b"[" * 2000,
    b'{"update_id":' + b"9" * 5000 + b"}",
)


def fuzz(data: bytes) -> None:
    """Read it, as it came and with its file."""
    found = read(data, account="synpunktbot", now=NOW)
    is_kept(found.inbound)
    is_kept(found.with_file(data, b"fil", "Filen saknas."))
    try:
        place_in(data.decode("latin-1"))
    except ValueError:
        return
