"""`/contracts/{id}`: what was booked at a site, a month's minutes, and the site's logs."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from app.console.shell import SignedInPage
from app.console.sites.minutes import beside, month_of, price, shown_month
from app.contracts import service
from app.contracts.models import LogImport
from app.database import reading
from app.frequencies import service as sites
from app.web.bodies import RowId
from app.web.dependencies import Database
from app.web.routing import Router

router = Router(include_in_schema=False)


@router.get("/contracts/{contract_id}", response_class=HTMLResponse)
@router.head("/contracts/{contract_id}", response_class=HTMLResponse)
def show_contract(page: SignedInPage, database: Database, contract_id: RowId, month: str = "") -> Response:
    days = shown_month(month, page.now)
    with reading(database) as session:
        contract = service.contract(session, contract_id)
        imports = select(LogImport).where(LogImport.contract_id == contract_id)
        return page.answer(
            session,
            "sites/contract.html",
            section="sites",
            contract=contract,
            site=sites.site(session, contract.site_id),
            counted=month_of(session, contract, days),
            month=days.first,
            beside=(beside(days, -1), beside(days, 1)),
            imports=session.exec(imports.order_by(col(LogImport.id).desc())).all(),
            price=price,
        )


@router.get("/sites/{site_id}/contracts/new", response_class=HTMLResponse)
def new_contract(page: SignedInPage, database: Database, site_id: RowId) -> Response:
    with reading(database) as session:
        site = sites.site(session, site_id)
        return page.answer(session, "sites/contract_form.html", section="sites", site=site, contract=None)


@router.get("/contracts/{contract_id}/edit", response_class=HTMLResponse)
def edit_contract(page: SignedInPage, database: Database, contract_id: RowId) -> Response:
    with reading(database) as session:
        contract = service.contract(session, contract_id)
        site = sites.site(session, contract.site_id)
        return page.answer(session, "sites/contract_form.html", section="sites", site=site, contract=contract)
