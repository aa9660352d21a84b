from pathlib import Path

import pytest

from classifier.lanes import Lanes, Rule, compile_phrase, read_lanes
from store.domain import Lane

_SIGNS = {
    Lane.EMERGENCY: [
        "Jag orkar inte leva längre, det här är sista gången ni hör av mig.",
        "Jag tänker ta mitt liv i kväll",
        "skicka nån NU det brinner i trapphuset på Storgatan 3",
        "Han ligger medvetslös utanför skolan, ring 112!",
        "min granne slår sin fru just nu, jag hör det genom väggen",
        "Det luktar gas i hela källaren på Ekbacken",
        "strömförande kablar ligger över gångbanan efter stormen",
        "I want to die, nobody at your office cares",
        "The building is on fire, please help",
        "En halua elää enää, olen kysynyt apua teiltä monta kertaa",
    ],
    Lane.CONCERN_REPORT: [
        "Jag vill göra en orosanmälan om grannens barn.",
        "Barnen hos grannen far illa, de är ute hela nätterna.",
        "Jag är orolig för min systers barn, hon dricker varje dag",
        "Flickan i vår klass har blåmärken på armarna och vill inte gå hem",
        "En pojke på fem år går ensam ute om kvällarna",
        "tanten under mig går ut i nattlinne mitt i natten och hittar inte hem",
        "I am worried about a child in the flat above us",
        "Haluan tehdä lastensuojeluilmoituksen naapurin lapsesta",
    ],
    Lane.THREAT: [
        "Jag vet var du bor, och din familj också.",
        "Ni kommer att få ångra det här beslutet.",
        "Får jag inte mina pengar så kommer jag ner till kontoret med kniv",
        "nästa gång slår jag ihjäl honom",
        "Jag tänder eld på hela kommunhuset om ni river skolan",
        "passa dig noga, handläggare",
        "ni har blivit varnade",
        "I know where you live",
        "Tiedän missä asut",
    ],
    Lane.APPEAL: [
        "Jag överklagar beslutet om bygglov, dnr BN 2026-114.",
        "Härmed överklagas nämndens beslut.",
        "Jag bestrider kontrollavgiften.",
        "Vi begär omprövning av avslaget på skolskjuts.",
        "Hur överklagar man ett nej till färdtjänst?",
        "Jag yrkar att beslutet upphävs.",
        "Jag accepterar inte beslutet och vill att förvaltningsrätten prövar saken.",
        "I want to appeal the decision about my parking permit",
        "Valitan päätöksestä, joka koskee kotihoitoa",
    ],
    Lane.DOCUMENT_REQUEST: [
        "Jag begär ut alla mejl mellan kommunchefen och bolaget.",
        "Jag vill ta del av handlingarna i ärendet.",
        "Skicka mig protokollet från nämndens möte i mars, tack",
        "Med stöd av offentlighetsprincipen vill jag ha en kopia av avtalet.",
        "Kan jag få ut beslutet? Begäran om allmän handling.",
        "I would like copies of all documents about the new road",
    ],
    Lane.LEX_SARAH: [
        "Detta är en lex Sarah.",
        "Personalen på boendet låste in min bror på hans rum hela natten",
        "Mamma har fått fel medicin av hemtjänsten två gånger",
        "Pappa låg på golvet i fem timmar efter att han larmat",
        "Hon hade trycksår när hon kom till sjukhuset från boendet",
        "Undersköterskan slog min mor på handen",
        "My grandmother was tied to her chair at the care home",
    ],
    Lane.FAULT_REPORT: [
        "Felanmälan: lampan utanför Storgatan 4 är trasig",
        "Gungan på lekplatsen vid Ängen är sönder",
        "Lyktstolpe 22 på Björkvägen har slocknat, lampan lyser inte",
        "Det är ett stort potthål i korsningen vid kyrkan",
        "vattenläcka på Åsgatan 9",
        "The street light at the bus stop is broken",
    ],
    Lane.QUESTION: [
        "Hej! När öppnar simhallen på lördag?",
        "Vad kostar det att hyra en lokal?",
        "Behöver man bygglov för ett staket?",
        "Var lämnar man gamla batterier?",
        "Vem ansvarar för vägen till badplatsen?",
        "What time does the library open on Sunday?",
    ],
    Lane.DATA_PROTECTION: [
        "Jag vill ha ett registerutdrag enligt GDPR.",
        "Radera alla mina uppgifter ur ert system.",
        "Ni har lagt ut min adress och mitt personnummer öppet på nätet",
        "Ta bort bilden på min dotter från skolans instagram",
        "Vilka uppgifter har ni sparat om mig?",
        "Please delete my personal data",
    ],
    Lane.DISCRIMINATION: [
        "Jag blev diskriminerad i receptionen.",
        "Hon sa att såna som du inte får plats här",
        "Vi fick inte hyra lokalen för att jag bär slöja, sa hon rakt ut",
        "Alla i klassen fick följa med utom min son som sitter i rullstol, han fick inte",
        "rena rasismen på fritidsgården",
        "This is discrimination because of my religion",
    ],
    Lane.WHISTLEBLOWING: [
        "Det här är en visselblåsning.",
        "Jag arbetar på boendet och chefen har sagt åt oss att hålla tyst om avvikelserna",
        "vi blir tillsagda att kryssa i besök som aldrig görs",
        "Chefen köper möbler av ett bolag som hennes sambo äger, alltid under gränsen för upphandling",
        "Jag är anställd hos er och åberopar meddelarfriheten",
    ],
    Lane.SPAM: [
        "Grattis! Du har blivit utvald att vinna ett presentkort, klicka på länken http://vinn.example",
        "Vi hjälper er att ranka högst på Google, 40 % rabatt denna vecka",
        "Ditt paket kunde inte levereras, betala tull här http://paket.example",
        "test test 123",
        "Earn 5000 USD weekly with our crypto robot",
    ],
    Lane.NAMED_EMPLOYEE: [
        "Handläggaren Sven Karlsson ljög för mig och lade på luren.",
        "Det är skandal hur rektorn Birgitta behandlar barnen.",
        "Jag talade med Ove i receptionen och han var oförskämd",
    ],
    Lane.OTHER_AUTHORITY: [
        "Väntetiden på vårdcentralen är åtta veckor.",
        "Försäkringskassan svarar inte i telefon",
        "Västtrafik har försenade och inställda turer varje morgon",
        "Hålen på riksväg 40 måste lagas",
        "Polisen kommer aldrig när man ringer",
    ],
}

_NOT_SIGNS = {
    Lane.EMERGENCY: [
        "Personalen brinner för sitt arbete, det märks!",
        "Såsen skär sig och potatisen är hård.",
        "Just nu är det svårt att få plats på parkeringen.",
        "Det är livsfarligt dåligt skyltat? Nej, men tråkigt är det.",
    ],
    Lane.CONCERN_REPORT: [
        "Naturen far illa av alla skotrar.",
        "Någon måste kolla lampan vid skolan.",
        "Mina barn älskar biblioteket, vi är där varje kväll.",
    ],
    Lane.THREAT: [
        "Kan ni sätta upp fler lampor på cykelvägen?",
        "Jag ångrar att jag flyttade hit, det är så tråkigt.",
        "Mötet sköts upp tre gånger.",
        "Vi kommer att kämpa för skolan så länge vi kan.",
        "Vet ni var man kan lämna grovsopor?",
    ],
    Lane.APPEAL: [
        "Jag överklagar inte beslutet, men tonen i det var otrevlig.",
        "Beslutet går inte att överklaga, och det är fel.",
        "Jag tänker inte överklaga utan vill bara säga vad jag tycker.",
        "Grannen överklagar allt som byggs här.",
        "This is no appeal, I have paid the fine.",
        "Valitettavasti uimahalli oli taas kiinni.",
    ],
    Lane.DOCUMENT_REQUEST: [
        "Det var roligt att ta del av kulturnatten.",
        "Skicka någon som kan laga grinden.",
    ],
    Lane.LEX_SARAH: [
        "Rabatterna utanför äldreboendet är ren vanvård.",
        "Personalen på boendet är underbar mot min mamma.",
        "Vad betyder lex Sarah-rapporter i er årsredovisning?",
    ],
    Lane.FAULT_REPORT: [
        "Tack för att ni lagade gungan så snabbt!",
        "Det borde finnas fler lampor i parken.",
    ],
    Lane.QUESTION: [
        "När tänker ni egentligen ploga vår gata? Det är skandal.",
        "Kan ni inte bygga en hundrastgård?",
        "Varför svarar ni aldrig?",
    ],
    Lane.DATA_PROTECTION: [
        "Ta bort farthindren på Skolgatan.",
        "Bilden på er webbplats visar fel skola.",
    ],
    Lane.DISCRIMINATION: [
        "Bilister diskrimineras i den här stan.",
        "Det var svart is på hela gångbanan.",
        "Rullstolsrampen vid badet är jättebra.",
    ],
    Lane.WHISTLEBLOWING: [
        "Jag jobbar heltid och hinner inte till tippen före fem.",
        "Jag arbetar natt och vill kunna sova på dagen utan bygget utanför.",
    ],
    Lane.SPAM: [
        "Grattis till den nya skolan, den blev jättefin!",
        "Avgiften för paketet i fritidskortet är för hög.",
    ],
    Lane.NAMED_EMPLOYEE: [
        "Tack till handläggaren Sofie som var så vänlig.",
        "Läraren svarade aldrig på mitt mejl.",
    ],
    Lane.OTHER_AUTHORITY: [
        "Skolan och hemtjänsten borde samarbeta bättre.",
        "Biblioteket stänger för tidigt.",
    ],
}


@pytest.fixture(scope="module")
def lanes() -> Lanes:
    return read_lanes()


@pytest.mark.parametrize(("lane", "text"), [(lane, text) for lane, texts in _SIGNS.items() for text in texts])
def test_a_real_phrasing_raises_its_flag(lanes: Lanes, lane: Lane, text: str) -> None:
    assert lane in lanes.of(text)


@pytest.mark.parametrize(
    ("lane", "text"), [(lane, text) for lane, texts in _NOT_SIGNS.items() for text in texts]
)
def test_a_phrase_that_only_sounds_alike_raises_no_flag(lanes: Lanes, lane: Lane, text: str) -> None:
    assert lane not in lanes.of(text)


def test_every_lane_has_rules_signs_and_a_meaning(lanes: Lanes) -> None:
    assert {rule.lane for rule in lanes.rules} == set(Lane)
    assert set(_SIGNS) == set(_NOT_SIGNS) == set(Lane)
    assert [rule.lane for rule in lanes.rules if not (rule.meaning and rule.signs)] == []


def test_one_message_may_raise_several_flags(lanes: Lanes) -> None:
    text = "Jag överklagar beslutet och begär ut alla handlingar. Ni kommer att få ångra det här."

    assert lanes.of(text) == (Lane.THREAT, Lane.APPEAL, Lane.DOCUMENT_REQUEST)


def test_line_breaks_capitals_and_spaces_do_not_hide_a_sign(lanes: Lanes) -> None:
    assert lanes.of("JAG\n\nÖVERKLAGAR\tBESLUTET!!!") == (Lane.APPEAL,)


def test_a_refusal_does_not_hide_a_sign_that_stands_beside_it(lanes: Lanes) -> None:
    text = "Förra året ville jag inte överklaga. Nu överklagar jag avslaget."

    assert lanes.of(text) == (Lane.APPEAL,)


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "🎉" * 1000, "b" * 20_000, "inte " * 4_000, "((((", "\ud800"]
)
def test_garbage_raises_no_flag(lanes: Lanes, text: str) -> None:
    assert lanes.of(text) == ()


@pytest.mark.parametrize(
    ("source", "fits", "misses"),
    [
        ("ta del av", "får jag ta del av det", "ta en del av det"),
        ("överklag*", "jag överklagar", "jag klagar"),
        ("(ring|ringer) 112", "vi ringer 112 nu", "vi ringde 112"),
        ("göra [en] anmälan", "jag vill göra anmälan", "jag vill göra min anmälan"),
        ("[en] fråga", "fråga bara", "frågan bara"),
        ("vet .. bor", "jag vet precis var du bor", "jag vet. Du bor här"),
        ("barn* & kniv*", "en kniv i barnens rum", "en kniv i köket"),
        ("(blå|röd)* bil", "en röda bil", "en grön bil"),
    ],
)
def test_a_phrase_is_read_as_its_notation_says(source: str, fits: str, misses: str) -> None:
    table = _one_rule(source)

    assert (table.of(fits), table.of(misses)) == ((Lane.SPAM,), ())


@pytest.mark.parametrize("source", ["(a (b|c))", "(abc|def", "abc]", "(abc [d])", "..", "*"])
def test_a_phrase_with_a_mistake_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"lanes\.toml"):
        compile_phrase(source)


def test_an_unknown_key_in_the_table_is_refused_by_name(tmp_path: Path) -> None:
    table = tmp_path / "lanes.toml"
    table.write_text('[[lane]]\nname = "hot"\nmeaning = "x"\nsings = ["y"]\n', encoding="utf-8")

    with pytest.raises(ValueError, match="hot: unknown key sings"):
        read_lanes(table)


def _one_rule(source: str) -> Lanes:
    return Lanes([Rule(lane=Lane.SPAM, meaning="test", signs=(compile_phrase(source),))])
