"""`/api/v1/contracts`: what was booked, the site's logs, and the minutes of a month."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query, Response
from sqlmodel import col, select

from app.contracts import logs, service
from app.contracts.billing import parse_month
from app.contracts.log_file import check_mapping, read_log
from app.contracts.models import Contract, LogImport
from app.contracts.reckoning import reckon
from app.contracts.schemas import ContractIn, ContractOut, IntakeOut, LogImportOut, LogIn, MonthOut
from app.database import reading, writing
from app.library.names import display_name
from app.web.bodies import RowId, created, etag
from app.web.dependencies import Actor, Database, IfMatch, Now
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["contracts"])


@router.get("/contracts", summary="The contracts with transmitter sites")
def list_contracts(
    database: Database, _actor: Actor, wanted: WantedPage, site_id: RowId | None = None
) -> Page[ContractOut]:
    query = select(Contract)
    if site_id is not None:
        query = query.where(Contract.site_id == site_id)
    with reading(database) as session:
        rows, cursor = page_of(session, query, col(Contract.id), wanted)
    return Page(items=[ContractOut.model_validate(row) for row in rows], next=cursor)


@router.post("/contracts", status_code=201, summary="Add a contract")
def create_contract(
    body: ContractIn, database: Database, actor: Actor, now: Now, response: Response
) -> ContractOut:
    with writing(database) as session:
        row = service.create_contract(session, body.fields(), now=now, by=actor.person_id)
    created(response, f"/api/v1/contracts/{row.id}", row.revision)
    return ContractOut.model_validate(row)


@router.get("/contracts/{contract_id}", summary="One contract")
def read_contract(contract_id: RowId, database: Database, _actor: Actor, response: Response) -> ContractOut:
    with reading(database) as session:
        row = service.contract(session, contract_id)
    etag(response, row.revision)
    return ContractOut.model_validate(row)


@router.put("/contracts/{contract_id}", summary="Change a contract")
def update_contract(
    contract_id: RowId,
    body: ContractIn,
    database: Database,
    actor: Actor,
    now: Now,
    expected: IfMatch,
    response: Response,
) -> ContractOut:
    with writing(database) as session:
        row = service.update_contract(
            session, contract_id, body.fields(), expected=expected, now=now, by=actor.person_id
        )
    etag(response, row.revision)
    return ContractOut.model_validate(row)


@router.delete("/contracts/{contract_id}", status_code=204, summary="Delete a contract without imported logs")
def delete_contract(contract_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.delete_contract(session, contract_id, now=now, by=actor.person_id)


@router.get("/contracts/{contract_id}/minutes", summary="Booked, delivered, confirmed and disputed minutes")
def read_minutes(
    contract_id: RowId,
    database: Database,
    _actor: Actor,
    month: Annotated[str, Query(description="UTC days of a month", examples=["2026-11"])],
) -> MonthOut:
    """Delivered is what our record proves of airings that are over; confirmed is what the site's imported logs say too."""
    wanted = parse_month(month)
    with reading(database) as session:
        return MonthOut.of(reckon(session, contract_id, wanted))


@router.get("/contracts/{contract_id}/logs", summary="The site's logs that were imported")
def list_logs(
    contract_id: RowId, database: Database, _actor: Actor, wanted: WantedPage
) -> Page[LogImportOut]:
    with reading(database) as session:
        service.contract(session, contract_id)
        query = select(LogImport).where(LogImport.contract_id == contract_id)
        rows, cursor = page_of(session, query, col(LogImport.id), wanted)
    return Page(items=[LogImportOut.model_validate(row) for row in rows], next=cursor)


@router.post("/contracts/{contract_id}/logs", summary="Import a site's log or invoice")
def import_log(
    contract_id: RowId,
    body: Annotated[LogIn, Form(media_type="multipart/form-data")],
    database: Database,
    actor: Actor,
    now: Now,
    *,
    dry_run: Annotated[bool, Query(description="Only say what would be taken; `false` takes it")] = True,
) -> IntakeOut:
    """Tries first: `dry_run=false` imports. A log with a line that cannot be read is not imported at all."""
    content, mapping = body.file.file.read(), body.mapping()
    check_mapping(mapping)
    name = display_name(body.file.filename or "")
    file = logs.LogFile.of(name, content, mapping, read_log(content, mapping))
    if dry_run:
        with reading(database) as session:
            intake = logs.look(session, contract_id, file)
    else:
        with writing(database) as session:
            intake = logs.take(session, contract_id, file, now=now, by=actor.person_id)
    return IntakeOut.of(intake, dry_run=dry_run)


@router.delete(
    "/contracts/{contract_id}/logs/{import_id}", status_code=204, summary="Take an import and its rows back"
)
def take_log_back(contract_id: RowId, import_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        logs.take_back(session, contract_id, import_id, now=now, by=actor.person_id)
