"""An archive that stands on a house, and what lies in the packages that it makes."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lxml import etree

from bots.desk.archive.erms import Facts
from bots.desk.archive.exporting import Archive, Made, Wish
from store.sight import Reader
from tests.house import House

FACTS = Facts(
    archivist="Lilla kommunen",
    version="0.1.0",
    organisation_number="212000-0001",
    submitter="Servicenämnden",
    contact="Rita Lund",
    receiver="Lilla kommunens arkiv",
    agreement="KA 2026/17",
    reference_code="LK/2026",
    classification_code="1.2.3",
    classification="Hantera synpunkter",
)
NOVEMBER = Wish(since=date(2026, 11, 1), until=date(2026, 11, 30))
ERMS = "representations/rep1/data/ERMS.xml"
NAMES = {"e": "https://DILCIS.eu/XML/ERMS"}


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package that was made, and every file in it by its path from the root folder."""

    made: Made
    data: bytes
    files: Mapping[str, bytes]

    def erms(self) -> etree._Element:
        return etree.fromstring(self.files[ERMS])

    def texts(self, path: str) -> list[str]:
        """Return what stands at an XPath of ERMS.xml, in order."""
        return [str(one) for one in self.erms().xpath(path, namespaces=NAMES)]

    def appendices(self, kind: str) -> list[bytes]:
        """Return the files of the documents of a kind, in order."""
        paths = self.texts(f"//e:record[@recordType='{kind}']//e:appendix/@path")
        return [self.files[f"representations/rep1/data/{path}"] for path in paths]


def archive_of(house: House) -> Archive:
    """Make the archive of a house."""
    return Archive(store=house.store, house=house.work.house, clock=house.clock, facts=FACTS)


def export(
    house: House, wish: Wish = NOVEMBER, *, reader: Reader | None = None, only_protected: bool = False
) -> Package:
    """Export, as the command and the page do."""
    file = io.BytesIO()
    made = archive_of(house).export(file, wish, by="rita", reader=reader, only_protected=only_protected)
    return opened(made, file.getvalue())


def opened(made: Made, data: bytes) -> Package:
    """Open a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        files = {name.partition("/")[2]: package.read(name) for name in package.namelist()}
    return Package(made=made, data=data, files=files)
