"""`/guide` and its chapters."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import FileResponse, HTMLResponse

from app.console.guide.chapters import CHAPTERS, PICTURES, chapter, chapters
from app.console.shell import SignedInPage
from app.database import reading
from app.errors import NotFound
from app.web.dependencies import Database
from app.web.routing import Router

router = Router(include_in_schema=False)


@router.get("/guide", response_class=HTMLResponse)
@router.get("/guide/{name}", response_class=HTMLResponse)
def show_chapter(page: SignedInPage, database: Database, name: str = CHAPTERS[0]) -> Response:
    """Without a name the first chapter, which leads to the others."""
    if name not in CHAPTERS:
        raise NotFound(f'the guide has no chapter "{name[:60]}": /guide lists them')
    language = page.words.language
    place = CHAPTERS.index(name)
    listed = chapters(language)
    with reading(database) as session:
        return page.answer(
            session,
            "guide/chapter.html",
            section="guide",
            shown=chapter(language, name),
            chapters=listed,
            before=listed[place - 1] if place else None,
            after=listed[place + 1] if place + 1 < len(listed) else None,
        )


@router.get("/guide/pictures/{name}.png", response_class=FileResponse)
async def get_picture(name: str) -> FileResponse:
    """Of the demo's pages: nothing of this station is in them."""
    if name not in PICTURES:
        raise NotFound("the guide has no such picture")
    return FileResponse(
        PICTURES[name], media_type="image/png", headers={"Cache-Control": "private, max-age=86400"}
    )
