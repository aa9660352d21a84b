"""The page "Arkiv och utlämnande", which leads to the pages of the record, and in which order they stand."""

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bots.desk.acts import Acts as DeskActs
from bots.desk.archive.exporting import Archive
from bots.desk.disclosure.disclosing import Disclosing
from bots.desk.disposal import Disposal
from bots.desk.extract import Extract
from bots.web import archive as archive_page
from bots.web import disclosure, public_list
from bots.web import disposal as disposal_page
from bots.web import extract as extract_page
from bots.web.access import Access
from bots.web.disposal import NotArchivingError, archives
from bots.web.extract import extracts
from bots.web.parts import Acts
from bots.web.show import Show
from store.domain import Handler, Role

PATH = "/handlingar"
Pages = Callable[[Handler], Sequence[Mapping[str, str]]]


def record_pages(
    acts: Acts,
    desk: DeskActs | None,
    disclosing: Disclosing | None,
    archive: Archive | None,
    disposal: Disposal | None,
    extract: Extract | None,
) -> Pages:
    """Return what lists the pages that somebody may open, those first where most have an errand.

    What is None has no page in this house.
    """

    def pages(me: Handler) -> Sequence[Mapping[str, str]]:
        is_keeper = archives(me, acts)
        found = (
            (public_list.PATH, "Registret", desk and Role.REGISTRATOR in desk.work.house.roles(me.id)),
            (disclosure.PATH, "Utlämnanden", disclosing and disclosing.may(me.id)),
            (archive_page.PATH, "Arkivpaket", archive and is_keeper),
            (disposal_page.PATH, "Gallring", disposal and is_keeper),
            (extract_page.PATH, "Registerutdrag", extract and extracts(me, acts)),
        )
        return [{"path": path, "name": name} for path, name, may_open in found if may_open]

    return pages


class RecordPage:
    """The page. Whoever may open none of the others may not open this one."""

    def __init__(self, *, show: Show, access: Access) -> None:
        self._show = show
        self._access = access

    def routes(self) -> list[Route]:
        """List the page, behind the door."""
        return [Route(PATH, self._access.for_staff(self.look), methods=["GET"])]

    async def look(self, request: Request, me: Handler) -> Response:
        """Show the ways on."""
        if not self._show.record(me):
            raise NotArchivingError
        return self._show.page("record_start", me=me, token=self._access.token(request))
