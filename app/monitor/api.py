from __future__ import annotations

from app.airings import service as airings
from app.database import reading
from app.monitor import service
from app.monitor.schemas import ListeningOut
from app.web.bodies import RowId
from app.web.dependencies import Actor, Database
from app.web.pagination import Page
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["airings"])


@router.get("/airings/{airing_id}/listening", summary="What was heard of it live, at each feed's other end")
def get_airing_listening(_actor: Actor, database: Database, airing_id: RowId) -> Page[ListeningOut]:
    with reading(database) as session:
        airings.get(session, airing_id)
        rows = service.of_airing(session, airing_id)
        return Page(items=[ListeningOut.model_validate(row) for row in rows], next=None)
