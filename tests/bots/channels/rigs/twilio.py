"""A stand-in for Twilio on loopback: takes and lists SMS, signs what it posts, tries once, and fails."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlencode

import httpx
from aiohttp import web
from twilio.request_validator import RequestValidator

from bots.channel import Channel, Given
from bots.channels.twilio import Settings, build
from store.domain import Delivered
from tests.bots.channels.rig import Arrived, Can, Fault, Forged, Rig

OURS = "+46701740699"
PEOPLE = {"asa": "+46701740605", "bo": "+46701740606", "cilla": "+46701740607"}
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "hemlighet-for-tester-0123456789"
HOOK = "/hooks/twilio"
_ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(kw_only=True)
class TwilioRig:
    """Twilio, with one account and one number."""

    name: str = "twilio"
    road: str = "sms"
    can: frozenset[Can] = frozenset({Can.PUSH, Can.PHOTO, Can.REPORT, Can.BLOCK})
    ours: httpx.AsyncClient | None = None
    sends: bool = True
    error: int = 0  # what every letter is refused with
    busy_after: int = 0  # letters that are taken before one is too many, once
    account_status: str = "active"
    sms_url: str = ""  # empty: where it should lead
    base_url: str = ""
    answers: list[httpx.Response] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)  # of letters
    listed: list[dict[str, object]] = field(default_factory=list)
    images: dict[str, bytes] = field(default_factory=dict)
    _now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _letters: list[tuple[str, Arrived]] = field(default_factory=list)
    _unconfirmed: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _newest: tuple[str, bytes] | None = None
    _fault: Fault | None = None
    _is_locked: bool = False
    _has_blocked: set[str] = field(default_factory=set)
    _public_url: str = "https://tycktill.lillkommun.example"
    _count: int = 0
    _runner: web.AppRunner | None = None

    async def open(self, now: datetime) -> None:
        self._now = now
        app = web.Application(middlewares=[self._guard])
        app.router.add_get(f"{_ROOT}.json", self._account)
        app.router.add_post(f"{_ROOT}/Messages.json", self._take)
        app.router.add_get(f"{_ROOT}/Messages.json", self._list)
        app.router.add_get(f"{_ROOT}/IncomingPhoneNumbers.json", self._numbers)
        app.router.add_get(f"{_ROOT}/Messages/{{id}}/Media.json", self._pictures)
        app.router.add_get(f"{_ROOT}/Messages/{{id}}/Media/{{name}}", self._picture)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def turn(self, now: datetime) -> None:
        self._now = now

    def channel(self, given: Given) -> Channel:
        self._public_url = given.public_url
        settings = Settings(
            account_sid=ACCOUNT,
            auth_token="env:TWILIO_TOKEN",
            number=OURS,
            base_url=self.base_url,
            sends=self.sends,
        )
        return build(settings, given)

    async def say(  # an SMS has no album
        self,
        text: str,
        *,
        person: str = "asa",
        photo: bytes = b"",
        album: str = "",  # noqa: ARG002
    ) -> str:
        fields = self.noted(text, PEOPLE.get(person, person), photo)
        await self.post(HOOK, fields)
        return fields["MessageSid"]

    def noted(self, text: str, sender: str, photo: bytes = b"") -> dict[str, str]:
        """Let Twilio get an SMS without posting it; return the fields of the post."""
        message_id = self._id("MM" if photo else "SM")
        fields = {
            "MessageSid": message_id,
            "SmsSid": message_id,
            "AccountSid": ACCOUNT,
            "From": sender,
            "To": OURS,
            "Body": text,
            "NumMedia": "1" if photo else "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "FromCountry": "SE",
        }
        if photo:
            self.images[message_id] = photo
            fields["MediaUrl0"] = f"{self.base_url}{_ROOT}/Messages/{message_id}/Media/ME1"
            fields["MediaContentType0"] = "image/png"
        self.listed.insert(
            0,
            {
                "sid": message_id,
                "direction": "inbound",
                "from": sender,
                "to": OURS,
                "body": text,
                "num_media": fields["NumMedia"],
                "date_sent": format_datetime(self._now.astimezone(UTC)),
            },
        )
        return fields

    async def again(self) -> int:
        waiting = list(self._unconfirmed.values())
        for path, body in [*waiting, *([self._newest] if self._newest else [])]:
            await self._post(path, body)
        return len(waiting)

    async def edit(self, message_id: str, text: str) -> None:
        raise NotImplementedError("an SMS is never changed")

    async def remove(self, message_id: str) -> None:
        raise NotImplementedError("an SMS is never removed")

    async def echo(self, text: str) -> None:
        raise NotImplementedError("Twilio does not tell us of our own")

    async def comment(self, text: str, *, person: str = "asa") -> str:
        raise NotImplementedError("nobody else reads an SMS")

    async def odd(self) -> None:
        await self.post(HOOK, {"AccountSid": ACCOUNT, "EventType": "onConversationAdded"})

    async def report(self, letter: Arrived, how: Delivered) -> None:
        statuses = {Delivered.ARRIVED: "delivered", Delivered.SEEN: "read", Delivered.FAILED: "undelivered"}
        letter_id = next(found for found, one in self._letters if one == letter)
        await self.tell_of(letter_id, statuses[how])

    async def tell_of(self, letter_id: str, status: str) -> None:
        """Report a letter by its id, with any status."""
        fields = {"MessageSid": letter_id, "MessageStatus": status, "SmsStatus": status, "From": OURS}
        if status == "undelivered":
            fields["ErrorCode"] = "30003"
        await self.post(f"{HOOK}/status", {**fields, "To": PEOPLE["asa"]})

    def letters(self) -> Sequence[Arrived]:
        return [one for _, one in self._letters]

    def fail(self, fault: Fault, *, person: str = "asa") -> None:
        if fault is Fault.LOCKED:
            self._is_locked = True
        elif fault is Fault.BLOCKED:
            self._has_blocked.add(PEOPLE[person])
        else:
            self._fault = fault

    def mend(self) -> None:
        self._is_locked, self._fault = False, None
        self._has_blocked.clear()

    def forged(self) -> Sequence[Forged]:
        real = self.noted("Gungan är trasig.", PEOPLE["asa"])
        self.listed.clear()
        true = urlencode(real).encode()
        changed = urlencode({**real, "Body": "Riv gungan."}).encode()
        more = urlencode({**real, "MediaUrl0": "https://example.org/bild.png"}).encode()
        doubled = true + b"&From=" + PEOPLE["bo"].encode()
        signature = self.signed(HOOK, true)["x-twilio-signature"]
        wrong = RequestValidator("fel").compute_signature(self._public_url + HOOK, real)
        return [
            Forged(path=HOOK, content=true, headers=_FORM),
            _forged(HOOK, true, ""),
            _forged(HOOK, true, "inget"),
            _forged(HOOK, true, wrong),
            _forged(HOOK, changed, signature),
            _forged(HOOK, more, signature),
            _forged(HOOK, doubled, signature),
            _forged(f"{HOOK}?a=b", true, signature),
            _forged(f"{HOOK}/status", true, signature),
            _forged(f"{HOOK}/annat", true, signature),
            Forged(
                path=HOOK,
                content=true,
                headers={
                    **_FORM,
                    "x-twilio-signature": signature,
                    "x-twilio-webhooks-signature-settings": "key=x,algorithm=HMAC_SHA256",
                },
            ),
        ]

    def genuine_but_large(self) -> Forged | None:
        body = urlencode(self.noted("x" * 2 * 2**20, PEOPLE["asa"])).encode()
        self.listed.clear()
        return Forged(path=HOOK, content=body, headers=self.signed(HOOK, body))

    def signed(self, path: str, body: bytes, algorithm: str = "") -> dict[str, str]:
        """Return the headers of a post that Twilio has signed."""
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        signer = RequestValidator(TOKEN)
        signature = signer.compute_signature(self._public_url + path, fields, algorithm or None)
        told = {"x-twilio-webhooks-signature-settings": f"key=k1,algorithm={algorithm}"} if algorithm else {}
        return {**_FORM, "x-twilio-signature": signature, **told}

    async def post(self, path: str, fields: dict[str, str]) -> None:
        """Post to us once, signed; what is not confirmed is remembered."""
        await self._post(path, urlencode(fields).encode())

    async def _post(self, path: str, body: bytes) -> None:
        self._newest = (path, body)
        key = f"{path} {body!r}"
        self._unconfirmed[key] = (path, body)
        if self.ours is None:
            return
        answer = await self.ours.post(path, content=body, headers=self.signed(path, body))
        self.answers.append(answer)
        if answer.is_success:
            del self._unconfirmed[key]

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count:032x}"

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if self._is_locked or request.headers.get("authorization") != expected:
            return _refused(401, 20003)
        answer = await handler(request)
        answer.headers["Date"] = format_datetime(self._now.astimezone(UTC), usegmt=True)
        return answer

    async def _take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        fault, self._fault = self._fault, None
        if self.busy_after and len(self._letters) >= self.busy_after:
            self.busy_after = 0
            return web.Response(status=429, headers={"Retry-After": "0"})
        if fault is Fault.BUSY:
            return web.Response(status=429, headers={"Retry-After": "7"})
        if fault is Fault.AWAY:
            return web.Response(status=503)
        if self.error:
            return _refused(400, self.error)
        if form["To"] in self._has_blocked:
            return _refused(400, 21610)
        if len(form["Body"]) > 1600:
            return _refused(400, 21617)
        letter_id = self._id("SM")
        person = next((name for name, number in PEOPLE.items() if number == form["To"]), form["To"])
        self.forms.append(form)
        self._letters.append((letter_id, Arrived(to=person, text=form["Body"])))
        if fault is Fault.SILENT:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"sid": letter_id, "status": "queued"}, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        """List, newest first, two to a page."""
        start = int(request.query.get("Page", "0")) * 2
        told: dict[str, object] = {"messages": self.listed[start : start + 2], "next_page_uri": None}
        if len(self.listed) > start + 2:
            told["next_page_uri"] = f"{_ROOT}/Messages.json?Page={start // 2 + 1}"
        return web.json_response(told)

    async def _pictures(self, request: web.Request) -> web.Response:
        uri = f"{_ROOT}/Messages/{request.match_info['id']}/Media/ME1.json"
        return web.json_response({"media_list": [{"uri": uri, "content_type": "image/png"}]})

    async def _picture(self, request: web.Request) -> web.Response:
        data = self.images.get(request.match_info["id"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def _account(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": self.account_status, "type": "Full"})

    async def _numbers(self, request: web.Request) -> web.Response:
        url = self.sms_url or f"{self._public_url}{HOOK}"
        found = [{"phone_number": OURS, "sms_url": url, "sms_method": "POST"}]
        told = found if request.query.get("PhoneNumber") == OURS else []
        return web.json_response({"incoming_phone_numbers": told})


def _refused(status: int, code: int) -> web.Response:
    return web.json_response({"code": code, "status": status, "message": "refused"}, status=status)


def _forged(path: str, content: bytes, signature: str) -> Forged:
    return Forged(path=path, content=content, headers={**_FORM, "x-twilio-signature": signature})


RIGS: Sequence[Callable[[], Rig]] = (TwilioRig,)
