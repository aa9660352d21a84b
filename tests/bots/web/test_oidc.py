"""Signing in at the municipality's own provider: what is believed, what is refused (OIDC Core, 3.1.3.7)."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from bots.web.app import build
from bots.web.claims import arrival
from bots.web.oidc import (
    DeclinedError,
    IdentityProvider,
    LateError,
    OidcError,
    ProviderFacts,
    UnreachableError,
    UntrustedError,
)
from store.domain import Role
from tests.bots.web.forger import CLIENT, Forger, curve, forger, shared_secret
from tests.bots.web.house import PASSWORD, PUBLIC, SECRET, STAFF, UNITS, Acts, House, token_of
from tests.bots.web.test_keys import WORDS, a_key, code


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def liar() -> Iterator[Forger]:
    with forger() as one:
        yield one


def sign_in(liar: Forger, *, provider: IdentityProvider | None = None, **sent: str) -> str:
    """Go to the provider and come back; return who it says that we are."""
    asked = provider or IdentityProvider(facts=liar.facts, clock=clock)
    address, state = asked.begin("/arenden")
    liar.nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    answer = asked.finish({"state": state, "code": "en kod"} | sent, state=state)
    return str(answer.claims["preferred_username"])


def test_a_token_with_nothing_wrong_is_believed(liar: Forger) -> None:
    assert sign_in(liar) == "anna.ek@example.se"


def test_a_token_signed_by_an_elliptic_curve_is_believed(liar: Forger) -> None:
    liar.key = curve()
    liar.token = lambda one, claims: one.signed(claims, algorithm="ES256")

    assert sign_in(liar) == "anna.ek@example.se"


def test_the_way_there_carries_state_nonce_and_a_hashed_verifier_and_the_verifier_follows(
    liar: Forger,
) -> None:
    provider = IdentityProvider(facts=liar.facts, clock=clock)

    address, state = provider.begin("/arenden")
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    liar.nonce = query["nonce"]
    provider.finish({"state": state, "code": "en kod"}, state=state)
    verifier = liar.asked[0]["code_verifier"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")

    assert {
        name: query[name] for name in ("response_type", "client_id", "redirect_uri", "scope", "state")
    } == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": "http://test/logga-in/svar",
        "scope": "openid profile email",
        "state": state,
    }
    assert (query["code_challenge_method"], query["code_challenge"]) == ("S256", challenge.decode())
    assert len({state, query["nonce"], verifier}) == 3
    assert min(len(state), len(query["nonce"]), len(verifier)) >= 43


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://ont.example"},
        {"iss": None},
        {"aud": "någon annan"},
        {"aud": [CLIENT, "någon annan"]},
        {"aud": [CLIENT, "någon annan"], "azp": "någon annan"},
        {"aud": CLIENT, "azp": "någon annan"},
        {"aud": []},
        {"aud": None},
        {"nonce": "en annan"},
        {"nonce": ""},
        {"nonce": None},
        {"exp": timedelta(minutes=-2)},
        {"exp": None},
        {"exp": "snart"},
        {"iat": timedelta(minutes=10)},
        {"iat": None},
        {"nbf": timedelta(minutes=10)},
        {"sub": None},
        {"sub": ""},
        {"at_hash": "fel"},
    ],
    ids=str,
)
def test_a_token_whose_claims_are_not_for_this_very_sign_in_is_refused(
    liar: Forger, claims: dict[str, Any]
) -> None:
    now = clock()
    liar.claims = {
        name: int((now + value).timestamp()) if isinstance(value, timedelta) else value
        for name, value in claims.items()
    }

    with pytest.raises(UntrustedError):
        sign_in(liar)


def test_clocks_that_differ_by_less_than_a_minute_do_no_harm(liar: Forger) -> None:
    now = int(time.time())
    liar.claims = {"iat": now + 40, "nbf": now + 40, "exp": now - 20}

    assert sign_in(liar) == "anna.ek@example.se"


def _without_signature(one: Forger, claims: dict[str, Any]) -> str:
    def part(content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'kid': 'ett'})}.{part(claims)}."


def _by_another_key(one: Forger, claims: dict[str, Any]) -> str:
    return one.signed(claims, key=RSAKey.generate_key(2048, {"kid": "ett"}))


def _by_the_public_key(one: Forger, claims: dict[str, Any]) -> str:
    public = one.key.as_pem(private=False).decode()
    header, body = (_without_signature(one, claims).split("."))[:2]
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"ett"}').rstrip(b"=").decode()
    import hmac

    mac = hmac.new(public.encode(), f"{header}.{body}".encode(), "sha256").digest()
    return f"{header}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _by_the_shared_secret(one: Forger, claims: dict[str, Any]) -> str:
    return one.signed(
        claims, key=shared_secret("delad hemlighet som är lång nog för en nyckel"), algorithm="HS256"
    )


def _changed_afterwards(one: Forger, claims: dict[str, Any]) -> str:
    header, body, signature = one.signed(claims).split(".")
    other = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "2"}).encode()).rstrip(b"=").decode()
    assert other != body
    return f"{header}.{other}.{signature}"


def _by_a_weaker_kind(one: Forger, claims: dict[str, Any]) -> str:
    return one.signed(claims, algorithm="RS512")


@pytest.mark.parametrize(
    "token",
    [
        _without_signature,
        _by_another_key,
        _by_the_public_key,
        _by_the_shared_secret,
        _changed_afterwards,
        _by_a_weaker_kind,
        lambda _one, _claims: "inget.som.går",
        lambda _one, _claims: "",
    ],
)
def test_a_token_that_the_providers_own_key_has_not_signed_is_refused(liar: Forger, token: Any) -> None:
    liar.token = token

    with pytest.raises(UntrustedError):
        sign_in(liar)


def test_a_key_that_has_been_changed_is_fetched_but_not_more_often_than_once_a_minute(liar: Forger) -> None:
    now = [clock()]
    provider = IdentityProvider(facts=liar.facts, clock=lambda: now[0])
    first = sign_in(liar, provider=provider)
    liar.key = RSAKey.generate_key(2048, {"kid": "två", "use": "sig"})
    liar.token = lambda one, claims: _named(one, claims, "två")

    with pytest.raises(UntrustedError):
        sign_in(liar, provider=provider)
    now[0] += timedelta(seconds=59)
    with pytest.raises(UntrustedError):
        sign_in(liar, provider=provider)
    now[0] += timedelta(seconds=2)
    liar.claims = {"iat": int(now[0].timestamp()), "exp": int(now[0].timestamp()) + 60}

    assert (first, sign_in(liar, provider=provider)) == ("anna.ek@example.se", "anna.ek@example.se")


def _named(one: Forger, claims: dict[str, Any], kid: str) -> str:
    from joserfc import jwt

    return jwt.encode({"alg": "RS256", "kid": kid}, claims, one.key)


def test_a_state_is_good_for_one_answer_in_one_browser_and_for_ten_minutes(liar: Forger) -> None:
    now = [clock()]
    provider = IdentityProvider(facts=liar.facts, clock=lambda: now[0])
    address, state = provider.begin("/arenden")
    liar.nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    right = {"state": state, "code": "en kod"}

    for kept in ("", "en annan"):
        with pytest.raises(LateError):
            provider.finish(right, state=kept)
    provider.finish(right, state=state)
    with pytest.raises(LateError):
        provider.finish(right, state=state)
    _, late = provider.begin("/arenden")
    now[0] += timedelta(minutes=11)
    with pytest.raises(LateError):
        provider.finish(right | {"state": late}, state=late)

    assert len(liar.asked) == 1


def test_what_the_provider_says_no_to_is_told_apart_from_what_can_not_be_trusted(liar: Forger) -> None:
    with pytest.raises(DeclinedError, match="error=access_denied"):
        sign_in(liar, error="access_denied")
    with pytest.raises(DeclinedError, match="error=other"):
        sign_in(liar, error="<script>")
    with pytest.raises(UntrustedError, match="iss"):
        sign_in(liar, iss="https://ont.example")
    liar.refuses = "invalid_grant"
    with pytest.raises(UntrustedError, match="error=invalid_grant"):
        sign_in(liar)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://ont.example"},
        {"token_endpoint": "http://ont.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_a_description_that_is_of_somebody_else_or_without_tls_is_refused(
    liar: Forger, metadata: dict[str, Any]
) -> None:
    liar.metadata = metadata

    with pytest.raises(UntrustedError):
        sign_in(liar)


def test_check_tells_what_works_and_what_to_do(liar: Forger) -> None:
    provider = IdentityProvider(facts=liar.facts, clock=clock)

    fine, wrong = provider.check()
    skewed = IdentityProvider(facts=liar.facts, clock=lambda: clock() + timedelta(minutes=5)).check()
    liar.refuses = "invalid_client"
    unknown = provider.check()
    liar.published = [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]
    keyless = provider.check()
    elsewhere = IdentityProvider(facts=replace(liar.facts, issuer=f"{liar.issuer}/"), clock=clock).check()
    liar.status = 500
    away = provider.check()

    assert (len(fine), wrong) == (3, [])
    assert ["klockan här går 30" in one and "före" in one for one in skewed[1]] == [True]
    assert ["client_id/client_secret" in one for one in unknown[1]] == [True]
    assert "RS256 eller ES256" in keyless[1][0]
    assert "tecken för tecken" in elsewhere[1][0]
    assert "går inte att nå" in away[1][0]


def test_a_provider_that_is_away_is_asked_again_only_after_a_while(liar: Forger) -> None:
    now = [clock()]
    provider = IdentityProvider(facts=liar.facts, clock=lambda: now[0])
    liar.status = 500

    with pytest.raises(UnreachableError):
        provider.begin("/arenden")
    liar.status = 200
    with pytest.raises(UnreachableError):
        provider.begin("/arenden")
    now[0] += timedelta(seconds=11)

    assert provider.begin("/arenden")[0].startswith(liar.issuer)


FACTS = ProviderFacts(
    issuer="https://login.example",
    client_id=CLIENT,
    client_secret="x",
    public_url="https://test.example",
    people={"8a1f": "bo"},
    claims=("oid", "preferred_username", "email"),
    groups={"g1": Role.SECRETARY, "g2": Role.STAFF},
)
HOUSE = {one.id: one for one in STAFF}


@pytest.mark.parametrize(
    ("claims", "person", "roles"),
    [
        ({"preferred_username": "anna"}, "anna", ()),
        ({"preferred_username": "Anna.Ek@Example.se"}, "anna", ()),
        ({"email": "anna.ek@example.se"}, "anna", ()),
        ({"email": "anna.ek@example.se", "email_verified": True}, "anna", ()),
        ({"oid": "8a1f", "preferred_username": "anna"}, "bo", ()),
        ({"preferred_username": "anna", "groups": ["g1"]}, "anna", (Role.SECRETARY,)),
        ({"sub": "77", "groups": ["g2", "g1", "g9", 4]}, "extern:77", (Role.STAFF, Role.SECRETARY)),
        ({"sub": "77", "oid": "9", "groups": ["g2"]}, "extern:9", (Role.STAFF,)),
    ],
    ids=str,
)
def test_a_claim_names_a_person_and_a_group_gives_a_role(
    claims: dict[str, Any], person: str, roles: tuple[Role, ...]
) -> None:
    found = arrival(claims, "t", FACTS, HOUSE)

    assert found is not None
    assert (found.person, found.roles, found.guest is None) == (person, roles, person in HOUSE)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": "77"},
        {"sub": "anna"},
        {"name": "Anna Ek"},
        {"email": "anna.ek@example.se", "email_verified": False},
        {"email": "anna.ek@example.se", "email_verified": "false"},
        {"preferred_username": ["anna"]},
        {"groups": "g1"},
        {"groups": {"g1": True}},
        {"groups": ["G1"]},
    ],
    ids=str,
)
def test_nobody_else_comes_in(claims: dict[str, Any]) -> None:
    assert arrival(claims, "t", FACTS, HOUSE) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["sub", "oid", "email", "email_verified", "preferred_username", "name", "groups"])


@given(st.dictionaries(NAMES, ANYTHING))
def test_whatever_is_claimed_a_stranger_never_gets_the_id_of_a_handler(claims: dict[str, Any]) -> None:
    found = arrival(claims, "t", FACTS, HOUSE)

    if found is not None and found.guest is not None:
        assert found.person not in HOUSE
        assert found.person.startswith("extern:")
        assert len(found.person) <= 100
        assert found.roles != ()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "nonce", "azp", "sub"]), ANYTHING, min_size=1
    )
)
def test_whatever_a_signed_token_claims_it_is_believed_or_refused_in_our_own_words(
    liar: Forger, claims: dict[str, Any]
) -> None:
    liar.claims = claims

    try:
        sign_in(liar)
    except OidcError as error:
        assert error.told in {"inte äkta", "borta"}


def pages(house: House, liar: Forger, *, password: str = PASSWORD) -> httpx.AsyncClient:
    house.clock.now = clock()
    app = build(
        store=house.store,
        acts=Acts(store=house.store, clock=house.clock),
        receive=house.receive,
        clock=house.clock,
        public=PUBLIC,
        staff=STAFF,
        units=UNITS,
        password=password,
        session_secret=SECRET,
        secure_cookies=False,
        provider=IdentityProvider(
            facts=replace(
                liar.facts, groups={"g2": Role.STAFF, "g3": Role.OPERATOR}, name="Lilla kommunens inloggning"
            ),
            clock=house.clock,
        ),
    )
    return house.browser(app)


async def through(browser: httpx.AsyncClient, liar: Forger, *, wanted: str = "/arenden") -> httpx.Response:
    """Follow the link to the provider, and come back from there."""
    there = await browser.get("/logga-in/kommun", params={"next": wanted})
    query = parse_qs(urlsplit(there.headers["location"]).query)
    liar.nonce = query["nonce"][0]
    return await browser.get("/logga-in/svar", params={"state": query["state"][0], "code": "en kod"})


async def test_the_door_shows_the_provider_and_the_shared_password_opens_nothing(
    house: House, liar: Forger
) -> None:
    browser = pages(house, liar)

    door = await browser.get("/logga-in?next=/arenden%3Fvisa%3Dmina")
    answer = await browser.post(
        "/logga-in", data={"token": token_of_session(door), "who": "anna", "password": PASSWORD}
    )

    assert "Logga in med Lilla kommunens inloggning" in door.text
    assert 'href="/logga-in/kommun?next=%2Farenden%3Fvisa%3Dmina"' in door.text
    assert "Lösenord" not in door.text
    assert "Anna Ek" not in door.text
    assert answer.status_code in {403, 422}


def token_of_session(door: httpx.Response) -> str:
    return token_of(door) if 'name="token"' in door.text else ""


async def test_whom_the_provider_vouches_for_comes_to_the_page_that_was_asked_for(
    house: House, liar: Forger
) -> None:
    browser = pages(house, liar)

    answer = await through(browser, liar, wanted="/arenden?visa=mina")
    page = await browser.get("/arenden")

    assert (answer.status_code, answer.headers["location"]) == (303, "/arenden?visa=mina")
    assert "<span>Anna Ek</span>" in page.text


async def test_accounts_stay_for_the_day_when_the_provider_is_down(house: House, liar: Forger) -> None:
    browser = pages(house, liar)
    account = a_key(house)
    liar.status = 500

    away = await browser.get("/logga-in/kommun")
    door = await browser.get("/logga-in")
    answer = await browser.post(
        "/logga-in",
        data={"token": token_of(door), "who": "anna", "password": WORDS, "code": code(house, account)},
    )

    assert (away.status_code, "svarar inte som den ska" in away.text) == (503, True)
    assert "Logga in med eget konto" in door.text
    assert (answer.status_code, (await browser.get("/arenden")).status_code) == (303, 200)


async def test_somebody_unknown_is_refused_and_with_a_group_may_only_register(
    house: House, liar: Forger
) -> None:
    house.add_case()
    liar.claims = {"preferred_username": "vera@example.se", "name": "Vera Lund", "sub": "vera-1"}
    browser = pages(house, liar)

    unknown = await through(browser, liar)
    liar.claims |= {"groups": ["g2"]}
    known = await through(browser, liar)
    cases = await browser.get("/arenden")
    case = await browser.get("/arenden/SYN-2026-000001")
    register = await browser.get("/registrera")

    assert (unknown.status_code, "inte tillgång hit" in unknown.text) == (403, True)
    assert (known.status_code, cases.headers["location"], case.headers["location"]) == (
        303,
        "/registrera",
        "/registrera",
    )
    assert (register.status_code, "<span>Vera Lund</span>" in register.text) == (200, True)


async def test_c3_a_guest_who_looks_after_the_service_sees_how_it_fares_and_no_case(
    house: House, liar: Forger
) -> None:
    house.add_case()
    liar.claims = {"preferred_username": "vera@example.se", "name": "Vera Lund", "sub": "vera-1"}
    liar.claims |= {"groups": ["g2"]}
    browser = pages(house, liar)

    await through(browser, liar)
    without = await browser.get("/halsa")
    liar.claims |= {"groups": ["g3"]}
    there = await through(browser, liar, wanted="/halsa")
    page = await browser.get("/halsa")
    cases = await browser.get("/arenden")

    assert (without.status_code, 'href="/halsa"' in without.text) == (403, False)
    assert (there.headers["location"], page.status_code) == ("/halsa", 200)
    assert 'href="/halsa" aria-current="page"' in page.text
    assert cases.headers["location"] == "/registrera"


@pytest.mark.parametrize(
    ("query", "words", "status"),
    [
        ({"error": "access_denied"}, "avbröt du", 403),
        ({"code": "en kod", "iss": "https://ont.example"}, "går inte att lita på", 403),
    ],
)
async def test_what_goes_wrong_at_the_provider_is_told_on_a_page(
    house: House, liar: Forger, query: dict[str, str], words: str, status: int
) -> None:
    browser = pages(house, liar)
    there = await browser.get("/logga-in/kommun")
    state = parse_qs(urlsplit(there.headers["location"]).query)["state"][0]

    answer = await browser.get("/logga-in/svar", params=query | {"state": state})
    again = await browser.get("/logga-in/svar", params=query | {"state": state})

    assert (answer.status_code, words in answer.text) == (status, True)
    assert (again.status_code, "var redan använd" in again.text) == (403, True)
    assert (await browser.get("/arenden")).status_code == 303


async def test_an_answer_that_another_browser_began_opens_nothing(house: House, liar: Forger) -> None:
    mine = pages(house, liar)
    theirs = httpx.AsyncClient(transport=mine._transport, base_url="http://test")
    there = await theirs.get("/logga-in/kommun")
    query = parse_qs(urlsplit(there.headers["location"]).query)
    liar.nonce = query["nonce"][0]

    answer = await mine.get("/logga-in/svar", params={"state": query["state"][0], "code": "en kod"})

    assert (answer.status_code, liar.asked) == (403, [])


async def test_signing_out_leads_on_to_the_provider_if_it_says_where(house: House, liar: Forger) -> None:
    liar.metadata = {"end_session_endpoint": f"{liar.issuer}/ut"}
    browser = pages(house, liar)
    await through(browser, liar)
    page = await browser.get("/arenden")

    answer = await browser.post("/logga-ut", data={"token": token_of(page)})
    back = await browser.get("/logga-in/ute")
    query = parse_qs(urlsplit(answer.headers["refresh"].partition("url=")[2]).query)

    assert "Du är utloggad här" in answer.text
    assert (query["client_id"], query["post_logout_redirect_uri"]) == ([CLIENT], ["http://test/logga-in/ute"])
    assert query["id_token_hint"][0].count(".") == 2
    assert back.headers["location"] == "/logga-in?ute=1"
    assert (await browser.get("/arenden")).status_code == 303
