"""Strangers write scripts into all that can be written, and nothing of it runs or becomes part of a page.

Two walls are tried apart: a page is looked through for anything that a payload made, and the browser tells of
whatever our policy had to stop.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from store.domain import Factor, Kind, Outcome
from store.engine import open_store
from store.migrations import upgrade
from tests.bots.web.served import CHROMIUM, chromium, served
from tests.bots.web.whole import Answer, Visitor, Whole, forms_in, furnish, token_in, whole
from tests.house import TOWN, an_inbound

_HIT = "alert('xss-hit')"
_ELSEWHERE = "//ond.example/xss-hit"
PAYLOADS = (
    # Elements of their own.
    f"<script>{_HIT}</script>",
    f"<ScRiPt >{_HIT}</sCrIpT>",
    f"<script src={_ELSEWHERE}></script>",
    f"<script/x>{_HIT}</script>",
    f"<<script>{_HIT}//<</script>",
    f"<scr<script>ipt>{_HIT}</scr</script>ipt>",
    f"</title><script>{_HIT}</script>",
    f"</textarea><script>{_HIT}</script>",
    f"</script><script>{_HIT}</script>",
    f"</style><script>{_HIT}</script>",
    f"--><script>{_HIT}</script><!--",
    f"<![CDATA[<script>{_HIT}</script>]]>",
    f"<img src=x onerror={_HIT} class=xss-made>",
    f'<img src="{_ELSEWHERE}" class=xss-made>',
    f"<img src=x:x onerror\x0b={_HIT}>",
    f"<image src=x onerror={_HIT}>",
    f"<svg onload={_HIT}>",
    f"<svg/onload={_HIT}>",
    f"<svg><script>{_HIT}</script></svg>",
    f"<svg><animate onbegin={_HIT} attributeName=x dur=1s>",
    f"<svg><a xlink:href=javascript:{_HIT}><text x=20 y=20>här</text></a></svg>",
    f"<svg><use href=data:image/svg+xml,{_HIT}#x></svg>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={_HIT}>",
    f"<body onload={_HIT}>",
    f"<body onpageshow={_HIT}>",
    f"<iframe src=javascript:{_HIT}></iframe>",
    f"<iframe srcdoc='<script>{_HIT}</script>'></iframe>",
    f"<object data=javascript:{_HIT}></object>",
    f"<embed src=javascript:{_HIT}>",
    f"<video><source onerror={_HIT}></video>",
    f"<audio src=x onerror={_HIT}>",
    f"<details open ontoggle={_HIT}>läs</details>",
    f"<input autofocus onfocus={_HIT} class=xss-made>",
    f"<select autofocus onfocus={_HIT}></select>",
    f"<textarea autofocus onfocus={_HIT}></textarea>",
    f"<marquee onstart={_HIT}>",
    f"<div onmouseover={_HIT} class=xss-made>peka</div>",
    f"<p onclick={_HIT} style=position:fixed;inset:0>klicka</p>",
    f"<form action={_ELSEWHERE}><button class=xss-made>Skicka</button></form>",
    f"<button form=x formaction=javascript:{_HIT}>Skicka</button>",
    f"<a href=javascript:{_HIT} class=xss-made>länk</a>",
    f"<a href='java\tscript:{_HIT}'>länk</a>",
    f"<a href=data:text/html,<script>{_HIT}</script>>länk</a>",
    f"<base href={_ELSEWHERE}/>",
    f"<meta http-equiv=refresh content='0;url={_ELSEWHERE}'>",
    f"<link rel=stylesheet href={_ELSEWHERE}>",
    f"<link rel=prefetch href={_ELSEWHERE}>",
    f"<template><script>{_HIT}</script></template>",
    f"<x-y id=innehall hx-get={_ELSEWHERE} hx-trigger=load>",
    f"<div data-hx-get=/xss-hit data-hx-trigger=load hx-on:load={_HIT}>",
    # Out of an attribute.
    f'" onfocus={_HIT} autofocus x="',
    f"' onfocus={_HIT} autofocus x='",
    f'"><script>{_HIT}</script>',
    f"'><script>{_HIT}</script>",
    f"` onfocus={_HIT} autofocus x=`",
    f'" style=background:url({_ELSEWHERE}) x="',
    f'&quot; onfocus="{_HIT}" x=&quot;',
    f"javascript:{_HIT}",
    f"JaVaScRiPt://%0a{_HIT}",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgneHNzLWhpdCcpPC9zY3JpcHQ+",
    "vbscript:msgbox('xss-hit')",
    # Styles.
    f"<style>@import '{_ELSEWHERE}';</style>",
    f"<style>body{{background:url({_ELSEWHERE})}}</style>",
    f"<div style=background:url({_ELSEWHERE})>",
    f"expression({_HIT})",
    # Templates.
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "{{constructor.constructor('alert(1)')()}}",
    "{{ site.__init__.__globals__ }}",
    # Entities, other alphabets, and signs that are not seen.
    f"&lt;script&gt;{_HIT}&lt;/script&gt;",
    f"&#60;script&#62;{_HIT}&#60;/script&#62;",
    f"&#x3c;img src=x onerror={_HIT}&#x3e;",
    f"\\u003cscript\\u003e{_HIT}\\u003c/script\\u003e",
    f"%3Cscript%3E{_HIT}%3C/script%3E",
    "+ADw-script+AD4-alert('xss-hit')+ADw-/script+AD4-",
    f"\uff1cscript\uff1e{_HIT}\uff1c/script\uff1e",
    f"\u202e>tpircs/<{_HIT}>tpircs<\u202c",
    f"<\u200bscript>{_HIT}</\u200bscript>",
    f"<scr\u00adipt>{_HIT}</scr\u00adipt>",
    f"<scr\u0000ipt>{_HIT}</scr\u0000ipt>",
    f"\u2028<script>{_HIT}</script>\u2029",
    # What changes when it is read twice.
    f"<noscript><p title='</noscript><img src=x onerror={_HIT}>'>",
    f"<svg></p><style><a id='</style><img src=1 onerror={_HIT}>'>",
    f"<mark><b></mark><img src=x onerror={_HIT}></b>",
    f"<!--><img src=x onerror={_HIT}>-->",
    f"<textarea><img src=x onerror={_HIT}>",
    f"<table><td><script>{_HIT}</script>",
    # For programs other than browsers.
    '=HYPERLINK("http://ond.example/xss-hit";"Klicka")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+46701740605-1+cmd|' /C calc'!A0",
    "x\r\nBcc: alla@ond.example",
    "x\r\n\r\n<script>alert('xss-hit')</script>",
    "=?utf-8?q?=3Cscript=3Ealert('xss-hit')=3C/script=3E?=",
)
NAMES = (
    "../../etc/passwd",
    "..\\..\\start.bat",
    "bild\u202egnp.exe",
    'a"; filename="b.html',
    "rad\r\nX-Elak: 1.html",
    "<img src=x onerror=alert('xss-hit')>.svg",
    "\u200b.html",
    "CON.html",
    "å" * 300 + ".svg",
)
FILES = (
    ("text/html", f"<script>{_HIT}</script>".encode()),
    ("image/svg+xml", f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{_HIT}\"/>".encode()),
    ("application/pdf", f"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.{_HIT})>>>>endobj".encode()),
    ("application/xhtml+xml", f"<html xmlns='http://www.w3.org/1999/xhtml'><script>{_HIT}</script>".encode()),
    ("text/javascript", _HIT.encode()),
)
EVERYTHING = "\n".join(PAYLOADS)
_TELL = """
for (const name of ["alert", "confirm", "prompt", "print"])
  window[name] = (...words) => { console.error("RAN " + name + " " + words); return null; };
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("STOPPED " + event.effectiveDirective + " " + event.blockedURI + " " + event.sample));
"""
_FOUND = """() => {
  const own = new RegExp("^" + location.origin + "/static/[a-z]+[.](js|css|svg)[?]?[0-9a-f]*$");
  const wrong = [];
  const tags = "script, iframe, object, embed, base, style, svg, math, img, image, video, audio, source,"
    + " template, marquee, link, meta[http-equiv], [class*=xss-made], x-y, noscript, applet";
  for (const one of document.querySelectorAll(tags)) {
    const from = one.src || one.href;
    const ours = ["SCRIPT", "LINK", "IMG"].includes(one.tagName) && typeof from === "string";
    if (ours && own.test(from)) continue;
    // Our own charts, on the pages that have them: shapes and words, and nothing that acts or fetches.
    const drawn = one.matches("svg.chart[role=img]") && /^[/](statistik|rapporter)/.test(location.pathname);
    if (drawn && !one.querySelector(":not(title, desc, g, rect, path, line, polyline, circle, text, tspan,"
        + " defs, pattern)")) continue;
    wrong.push(one.outerHTML.slice(0, 120));
  }
  for (const one of document.querySelectorAll("*"))
    for (const { name, value } of one.attributes) {
      const leads = ["href", "src", "action", "formaction", "data", "srcdoc", "xlink:href"].includes(name);
      const led = leads && URL.canParse(value, location) ? new URL(value, location) : location;
      if (name.startsWith("on") || name.includes("hx-on") || name === "style" || name === "srcdoc"
          || /^(javascript|data|vbscript):$/.test(led.protocol) || led.host === "ond.example")
        wrong.push(one.tagName + " " + name + "=" + value.slice(0, 80));
    }
  return wrong;
}"""

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed on this machine"),
    pytest.mark.xdist_group("chromium"),
]


@dataclass(frozen=True, kw_only=True)
class Sown:
    """A house in which everything has been written that can be."""

    whole: Whole
    cookies: dict[str, str]
    public: list[str]
    staff: list[str]
    downloads: dict[str, Answer]


def a_mail(number: int, payload: str) -> bytes:
    """Write a mail with a payload in each place; what no header can hold is encoded as a word."""
    mail = EmailMessage(policy=SMTP)
    line = " ".join(payload.replace("\0", "").split())
    mail["From"] = f"x <elak{number}@example.org>"
    mail["To"] = TOWN
    mail["Subject"] = line
    mail["Message-ID"] = f"<elak{number}@example.org>"
    mail.set_content(f"Gungan är trasig. {payload}\n\n{payload}\n".replace("\0", ""))
    mail.add_alternative(f"<p>Gungan är trasig.</p>{payload}".replace("\0", ""), subtype="html")
    media_type, data = FILES[number % len(FILES)]
    main, _, sub = media_type.partition("/")
    mail.add_attachment(data, maintype=main, subtype=sub, filename="byts-ut")
    if number % 10 == 0:  # and one whose type is no type
        mail.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="byts-ut")
    raw = mail.as_bytes()
    word = "=?utf-8?b?" + b64encode(line.encode()).decode() + "?="
    raw = raw.replace(b"From: x <", f"Reply-To: {word} <svar{number}@example.org>\r\nFrom: {word} <".encode())
    name = NAMES[number % len(NAMES)] if number % 2 else payload
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "\r\n ").replace("\0", "")
    return raw.replace(b'"byts-ut"', b'"' + quoted.encode() + b'"')


async def sow(place: Whole) -> Sown:
    await furnish(place)
    house = place.house
    first = len(house.cases())
    await house.hear(
        *(
            an_inbound(
                a_mail(number, payload),
                envelope_from=f"elak{number}@example.org",
                external_id=f"elak{number}",
            )
            for number, payload in enumerate(PAYLOADS)
        )
    )
    assert len(house.cases()) - first == len(PAYLOADS)
    await write_as_citizens(place)
    rita = await place.enter("rita")
    await write_as_staff(place, rita)
    await asyncio.to_thread(house.judge)
    paths, _ = await place.walk(rita, most=120)
    await write_in_a_talk(place, rita)  # not before: the walk sends every form, also the one that ends a talk
    cases = [f"/arenden/{row['number']}" for row in house.cases()]
    lists = [
        "/arenden?visa=alla",
        "/arenden?visa=brev",
        "/arenden?visa=karantan",
        "/arenden?q=gungan&visa=alla",
    ]
    downloads = {}
    for path in cases:
        page = await rita.get(path)
        for found in re.findall(r'href="([^"]+/(?:bilaga|original|svarsfil)[^"]*)"', page.text):
            downloads[found] = await rita.get(found)
    staff = [path for path in paths if await is_page(rita, path)]
    return Sown(
        whole=place,
        cookies=dict(rita.cookies),
        public=["/", "/svar", "/tack", "/chatt", "/tillganglighet", *place.letters_lead_to()[:20]],
        staff=list(dict.fromkeys([*lists, *staff, *cases])),
        downloads=downloads,
    )


async def is_page(visitor: Visitor, path: str) -> bool:
    """Tell whether a browser shows what lies at an address, and does not save it."""
    answer = await visitor.get(path)
    is_shown = not answer.header("content-disposition").startswith("attachment")
    return is_shown and answer.header("content-type").startswith("text/html")


async def write_as_citizens(place: Whole) -> None:
    """Fill in the form, the page of a code and the survey."""
    house, visitor = place.house, place.visitor()
    for at in range(0, len(PAYLOADS), 8):
        page = await visitor.get("/")
        house.clock.forward(seconds=20)
        (form,) = [one for one in forms_in(page.text, "/") if "ticket" in one.fields]
        payload = PAYLOADS[at]
        filled = form.filled() | {"text": EVERYTHING[:9000], "where": payload, "name": PAYLOADS[at + 1][:100]}
        filled |= {"level": "namn", "wish": "brev", "address": payload, "email": "eva@example.org"}
        filled |= {"phone": "", "website": "", "kind": ""}
        answer = await visitor.post("/", filled, media_type=form.media_type)
        assert answer.status == 303, answer.text
    (code,) = place.codes
    answer = await visitor.post("/svar/skriv", {"code": code, "text": EVERYTHING[:9000], "unhappy": "ja"})
    assert answer.status == 200
    for path in place.letters_lead_to():
        if path.startswith("/enkat"):
            assert (await visitor.post(path, {"score": "1", "words": EVERYTHING})).status == 200


async def write_in_a_talk(place: Whole, visitor: Visitor) -> None:
    """Say everything to the assistant, in the talk of whoever looks at the pages afterwards."""
    for at in range(0, len(EVERYTHING), 4000):
        page = await visitor.get("/chatt")
        place.house.clock.forward(seconds=20)
        (form,) = [one for one in forms_in(page.text, "/chatt") if "text" in one.fields]
        filled = form.filled() | {"text": EVERYTHING[at : at + 4000], "website": "", "script": ""}
        answer = await visitor.post("/chatt", filled, media_type=form.media_type)
        assert answer.status == 303, answer.text


async def write_as_staff(place: Whole, rita: Visitor) -> None:
    """Take down what was said, and fill the case with notes, questions and answers."""
    house = place.house
    page = await rita.get("/registrera")
    (form,) = [one for one in forms_in(page.text, "/registrera") if "ticket" in one.fields]
    filled = form.filled() | {"text": EVERYTHING, "name": PAYLOADS[12], "by": PAYLOADS[0], "measure": ""}
    filled |= {"source": "telefon", "day": "2026-11-23", "time": "08:00", "email": "", "phone": ""}
    filled |= {"kind": "", "category": "", "unit": "", "anonymous": ""}
    answer = await rita.post("/registrera", filled, media_type=form.media_type)
    assert answer.status == 303, answer.text
    await asyncio.to_thread(house.judge)
    row = house.cases()[0]

    def version() -> int:
        return int(house.cases()[0]["version"])

    acts, case_id = house.acts, row["id"]
    acts.confirm(case_id, kind=Kind.COMPLAINT, factor=Factor.SAFETY, by="anna", version=version())
    acts.note_down(
        case_id,
        by="anna",
        version=version(),
        service_note=EVERYTHING,
        serious=False,
        diary_number=PAYLOADS[13],
    )
    acts.ask_sender(case_id, f"Vilken gunga?\n{EVERYTHING}", by="anna", version=version())
    await house.deliver()
    acts.answer(
        case_id,
        EVERYTHING,
        Outcome.NO_ACTION,
        explanation=EVERYTHING,
        measure=EVERYTHING,
        by="anna",
        version=version(),
    )
    await house.deliver()
    token = token_in((await rita.get("/arenden")).text)
    for payload in PAYLOADS[:3]:
        await rita.post("/arenden/filter", {"token": token, "name": payload, "query": f"q={payload}"})


@pytest.fixture(scope="module")
def sown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sown]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('elakt') / 'hus.db'}")
    upgrade(store)
    with whole(store) as place:
        yield asyncio.run(sow(place))
    store.close()


@pytest.fixture(scope="module")
def address(sown: Sown) -> Iterator[str]:
    with served(sown.whole.app) as url:
        yield url


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class Watched:
    """A browser that tells of everything that ran, was stopped, or asked somebody else."""

    def __init__(self, browser: Browser, address: str, cookies: dict[str, str] | None = None) -> None:
        self.context: BrowserContext = browser.new_context()
        self.context.add_init_script(_TELL)
        self.context.add_cookies(
            [{"name": name, "value": value, "url": address} for name, value in (cookies or {}).items()]
        )
        self.wrong: list[str] = []
        self.address = address
        self.context.on("request", lambda asked: self._note_request(asked.url))
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(f"fault {error}"))
        self.page.set_default_timeout(30_000)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.look()

    def look(self) -> None:
        self.wrong += [f"{self.page.url}: {found}" for found in self.page.evaluate(_FOUND)]

    def _note(self, said: str) -> None:
        if "status of 4" not in said:
            self.wrong.append(f"{self.page.url}: {said}")

    def _note_request(self, url: str) -> None:
        if not url.startswith(self.address) or "xss-hit" in url.partition("?")[0]:
            self.wrong.append(f"asked {url}")


def test_the_watch_sees_what_runs_what_is_stopped_and_what_was_made(browser: Browser, address: str) -> None:
    watched = Watched(browser, address)
    watched.page.goto(f"{address}/")

    watched.page.evaluate("alert(1)")
    watched.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(2)><a href=javascript:x>')"
    )
    watched.page.wait_for_timeout(200)
    watched.look()
    watched.context.close()

    told = "\n".join(watched.wrong)
    assert all(sign in told for sign in ("RAN alert", "STOPPED script-src", "<img", "A href=javascript"))


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(set(PAYLOADS)) >= 80


def test_nothing_that_strangers_and_staff_have_written_runs_on_the_staff_pages(
    sown: Sown, browser: Browser, address: str
) -> None:
    watched = Watched(browser, address, sown.cookies)

    for path in sown.staff:
        watched.open(path)
    shown = watched.page.content()
    watched.context.close()

    assert watched.wrong == []
    assert len(sown.staff) > len(PAYLOADS)
    assert "Logga ut" in shown  # signed in to the end


def test_nothing_that_staff_have_written_runs_on_the_public_pages(
    sown: Sown, browser: Browser, address: str
) -> None:
    watched = Watched(browser, address)

    for path in sown.public:
        watched.open(path)
    watched.open("/svar")
    watched.page.locator("[name=code]").fill(sown.whole.codes[0])
    watched.page.locator("main form button").first.click()
    watched.page.wait_for_load_state()
    watched.look()
    shown = watched.page.content()
    watched.context.close()

    assert watched.wrong == []
    assert "&lt;script&gt;" in shown


def test_nothing_that_comes_back_in_a_form_runs(browser: Browser, address: str) -> None:
    watched = Watched(browser, address)
    shown = {}

    for path in ("/", "/svar", "/logga-in"):
        for payload in PAYLOADS[::8]:
            watched.open(path)
            for box in watched.page.locator(
                "main textarea, main input[type=text], main input[type=email]"
            ).all():
                if box.is_visible():
                    box.fill(payload)
            watched.page.evaluate("document.querySelector('main form').noValidate = true")
            watched.page.locator("main form[method=post] button").last.click()
            watched.page.wait_for_load_state()
            watched.look()
            shown[path] = watched.page.content()
    watched.context.close()

    assert watched.wrong == []
    assert "xss-hit" in shown["/"]


def test_every_file_of_a_stranger_is_saved_and_never_shown(sown: Sown) -> None:
    assert len(sown.downloads) > len(PAYLOADS)
    for path, answer in sown.downloads.items():
        assert answer.status == 200, path
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("content-security-policy") == "sandbox; default-src 'none'"
        assert answer.header("content-type") in {"application/octet-stream", "message/rfc822"}, path
        named = re.fullmatch(
            r"attachment; filename=\"([A-Za-z0-9 ._-]+)\"; filename\*=UTF-8''([A-Za-z0-9_.~%-]+)",
            answer.header("content-disposition"),
        )
        assert named is not None, answer.header("content-disposition")
        assert not re.search(r"%2F|%5C|%E2%80%AE|%0D|%0A|%00|%22|\.\.", named[2], re.IGNORECASE), named[2]
