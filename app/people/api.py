"""People, keys and sessions over HTTP."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field, field_validator
from sqlmodel import col, select

from app.database import reading, writing
from app.people import service
from app.people.models import Key, Person
from app.web import security
from app.web.bodies import Answer, Body, RowId, Text, created, example
from app.web.dependencies import Actor, CurrentSettings, Database, Now
from app.web.entry import enter_with_key
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["access"])

_PERSON: dict[str, object] = {
    "id": 1,
    "name": "김하늘",
    "created_at": "2026-10-25T01:00:00Z",
    "disabled_at": None,
    "email": "editor@station.example",
    "approves": True,
}
_KEY: dict[str, object] = {
    "id": 4,
    "person_id": 1,
    "label": "studio 2",
    "created_at": "2026-10-25T01:00:00Z",
    "revoked_at": None,
}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}")
_SECRET = "danpa_..."  # noqa: S105 - the shape of one


class PersonIn(Body):
    model_config = example(name="김하늘")

    name: Annotated[Text, Field(max_length=100)]


class PersonOut(Answer):
    model_config = example(**_PERSON)

    id: int
    name: str
    created_at: datetime
    disabled_at: datetime | None
    email: Annotated[str | None, Field(description="Where they are reminded")]
    approves: Annotated[bool, Field(description="Whether they are reminded of what waits to be approved")]


class PersonPatch(Body):
    """What to change; fields that are left out stay as they are."""

    model_config = example(email="editor@station.example", approves=True)

    email: Annotated[str | None, Field(max_length=254, description="One address; null: none")] = None
    approves: Annotated[bool, Field(description="Whether they are reminded of what waits to be approved")] = (
        False
    )

    @field_validator("email")
    @classmethod
    def _one_address(cls, email: str | None) -> str | None:
        # What a mail server makes of it, only a mail tells; this keeps out names, lists and lines.
        if email is not None and not _ADDRESS.fullmatch(email.strip()):
            raise ValueError("is not one mail address, such as editor@station.example")
        return email.strip() if email is not None else None

    def changes(self) -> dict[str, Any]:
        """The fields that were sent."""
        return {field: getattr(self, field) for field in self.model_fields_set}


class KeyIn(Body):
    model_config = example(person_id=1, label="studio 2")

    person_id: Annotated[RowId | None, Field(description="Whose key; yours if left out")] = None
    label: Annotated[
        Text, Field(max_length=100, description="Where it is used, so that you know which to revoke")
    ]


class KeyOut(Answer):
    model_config = example(**_KEY)

    id: int
    person_id: int
    label: str
    created_at: datetime
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    model_config = example(**_KEY, secret=_SECRET)

    secret: Annotated[str, Field(description="Shown this once; only its hash is kept")]


class SignIn(Body):
    model_config = example(key=_SECRET)

    key: Annotated[str, Field(max_length=200)]


class SessionOut(Answer):
    model_config = example(
        person_id=1,
        person="김하늘",
        expires_at="2026-10-25T13:00:00Z",
        csrf_token="5f0c6f...",  # noqa: S106
    )

    person_id: int
    person: str
    expires_at: datetime
    csrf_token: Annotated[
        str, Field(description="Send it as X-CSRF-Token with every call that changes something")
    ]


@router.get("/people", summary="Everybody, those who are disabled too")
def list_people(database: Database, _actor: Actor, wanted: WantedPage) -> Page[PersonOut]:
    with reading(database) as session:
        people, cursor = page_of(session, select(Person), col(Person.id), wanted)
        return Page(items=[PersonOut.model_validate(person) for person in people], next=cursor)


@router.post("/people", status_code=201, summary="Add a person")
def create_person(
    body: PersonIn, database: Database, actor: Actor, now: Now, response: Response
) -> PersonOut:
    with writing(database) as session:
        person = service.create_person(session, body.name, now=now, by=actor.person_id)
    created(response, f"/api/v1/people/{person.id}")
    return PersonOut.model_validate(person)


@router.get("/people/{person_id}", summary="One person")
def read_person(person_id: RowId, database: Database, _actor: Actor) -> PersonOut:
    with reading(database) as session:
        return PersonOut.model_validate(service.person(session, person_id))


@router.patch("/people/{person_id}", summary="Say where somebody is reminded, and of what")
def change_person(
    body: PersonPatch, person_id: RowId, database: Database, actor: Actor, now: Now
) -> PersonOut:
    with writing(database) as session:
        person = service.change_person(session, person_id, body.changes(), now=now, by=actor.person_id)
    return PersonOut.model_validate(person)


@router.post("/people/{person_id}/disable", summary="End somebody's keys and sessions at once")
def disable_person(person_id: RowId, database: Database, actor: Actor, now: Now) -> PersonOut:
    """What they did keeps their name. The last person who may sign in cannot be disabled."""
    with writing(database) as session:
        person = service.disable_person(session, person_id, now=now, by=actor.person_id)
    return PersonOut.model_validate(person)


@router.post("/people/{person_id}/enable", summary="Let somebody in again, with a new key")
def enable_person(person_id: RowId, database: Database, actor: Actor, now: Now) -> PersonOut:
    with writing(database) as session:
        person = service.enable_person(session, person_id, now=now, by=actor.person_id)
    return PersonOut.model_validate(person)


@router.get("/keys", summary="The keys, without their secrets")
def list_keys(database: Database, _actor: Actor, wanted: WantedPage) -> Page[KeyOut]:
    with reading(database) as session:
        keys, cursor = page_of(session, select(Key), col(Key.id), wanted)
        return Page(items=[KeyOut.model_validate(key) for key in keys], next=cursor)


@router.post("/keys", status_code=201, summary="Make a key; its secret is shown this once")
def create_key(body: KeyIn, database: Database, actor: Actor, now: Now, response: Response) -> NewKeyOut:
    person_id = actor.person_id if body.person_id is None else body.person_id
    with writing(database) as session:
        key, secret = service.create_key(session, person_id, body.label, now=now, by=actor.person_id)
    created(response, f"/api/v1/keys/{key.id}")
    return NewKeyOut(**KeyOut.model_validate(key).model_dump(), secret=secret)


@router.get("/keys/{key_id}", summary="One key, without its secret")
def read_key(key_id: RowId, database: Database, _actor: Actor) -> KeyOut:
    with reading(database) as session:
        return KeyOut.model_validate(service.key(session, key_id))


@router.delete("/keys/{key_id}", status_code=204, summary="Revoke a key; sessions got with it end too")
def revoke_key(key_id: RowId, database: Database, actor: Actor, now: Now) -> None:
    with writing(database) as session:
        service.revoke_key(session, key_id, now=now, by=actor.person_id)


@router.post("/session", status_code=201, summary="Sign a browser in with a key")
def sign_in(
    body: SignIn,
    request: Request,
    response: Response,
    database: Database,
    settings: CurrentSettings,
    now: Now,
) -> SessionOut:
    """Sets an HttpOnly cookie, valid for 12 hours. Machines send their key with each call instead."""
    security.check_same_origin(request, settings)
    signed_in = enter_with_key(request, database, body.key.strip(), now)
    security.set_session_cookie(response, signed_in.token, settings)
    return SessionOut(
        person_id=signed_in.actor.person_id,
        person=signed_in.actor.name,
        expires_at=signed_in.expires_at,
        csrf_token=security.csrf_token(signed_in.token),
    )


@router.delete("/session", status_code=204, summary="Sign this browser out")
def sign_out(
    request: Request,
    response: Response,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    _actor: Actor,
) -> None:
    token = request.cookies.get(security.SESSION_COOKIE)
    if token:
        with writing(database) as session:
            service.sign_out(session, token, now=now)
    security.clear_session_cookie(response, settings)
