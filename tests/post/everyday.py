# mails are written out line by line, as they came
"""Ordinary mail from ordinary people, in the languages that are spoken in a Swedish municipality."""

from tests.post.made import Made, mail


def _day(name: str, body: str, subject: str = "Synpunkt") -> Made:
    raw = mail(body, subject=subject)
    return Made(
        id=name,
        raw=raw,
        subject=subject,
        has=(body.strip(),) if body.strip() else (),
        answer_to="asa.lind@example.se",
    )


MAILS = (
    _day("everyday_complaint", "Hej!\n\nGungan i Björkparken är trasig sedan tre veckor.\n\nHälsningar\nÅsa"),
    _day("everyday_praise", "Tack för fin snöröjning på Åvägen i morse!", "Beröm"),
    _day("everyday_suggestion", "Jag föreslår en bänk vid busshållplatsen.", "Förslag"),
    _day("everyday_phone_number", "Ring mig på 070-1740606 om gungan."),
    _day("everyday_signature_stays_in_new_mail", "Gungan är trasig.\n\n-- \nÅsa Lind\n070-1740607"),
    _day("everyday_emoji", "Gungan 😡😡😡 är trasig 👨‍👩‍👧"),
    _day("everyday_shouting", "LAGA GUNGAN NU!!!!!!!!", "GUNGAN!!!!"),
    _day("everyday_one_word", "Gungan"),
    _day("everyday_long_lines", "Gungan är trasig och " * 60 + "slut."),
    _day("everyday_many_blank_lines", "Gungan\n\n\n\n\när trasig"),
    _day("everyday_tabs", "Plats:\tBjörkparken\nTid:\t10:15"),
    _day("everyday_urls", "Se https://example.se/bild?a=1&b=2 för bilden."),
    _day("everyday_dot_lines", "Gungan\n.\n..\nslut"),
    _day("everyday_from_line", "From nu på vill jag ha svar.\nFrom: mig"),
    _day("body_empty", "", "Gungan i Björkparken är trasig"),
    _day("body_only_spaces", "   \n \n", "Gungan i Björkparken är trasig"),
    _day("body_only_dots", "...", "Gungan"),
    _day("lang_english", "The swing in the park has been broken for three weeks.", "Broken swing"),
    _day("lang_finnish", "Puiston keinu on ollut rikki kolme viikkoa.", "Rikkinäinen keinu"),
    _day("lang_northern_sami", "Párkka šielus lea cuovkanan golbma vahku.", "Šiellu"),
    _day("lang_arabic", "الأرجوحة في الحديقة مكسورة منذ ثلاثة أسابيع.", "شكوى"),
    _day("lang_somali", "Leexada beerta way jaban tahay saddex toddobaad.", "Cabasho"),
    _day("lang_tigrinya", "ኣብ መናፈሻ ዘሎ ሰለል ሰለል ተሰቢሩ ኣሎ።", "ጥርዓን"),
    _day("lang_ukrainian", "Гойдалка в парку зламана вже три тижні.", "Скарга"),
    _day("lang_persian_joiner", "تاب پارک می‌شکند.", "شکایت"),
    _day("lang_romani", "I kuna ando parko si phagi.", "Phenipe"),
    _day("lang_yiddish", "די הוידע אין פּאַרק איז צעבראָכן.", "קלאָג"),
    _day("lang_thai", "ชิงช้าในสวนสาธารณะพัง", "ร้องเรียน"),
)
