"""Every error becomes a problem document; those that nobody expected tell nothing of their inside."""

from __future__ import annotations

import json

import pytest

from app import errors
from app.people.service import TooManyAttempts
from app.web.problems import problem_of
from audio.errors import AudioError, OnlySilence
from schedules.errors import EmptySlot, NothingToPick, ScheduleError
from schedules.said import say


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.NotFound("x"), 404, "not-found"),
        (errors.Invalid("x"), 422, "invalid"),
        (errors.Conflict("x"), 409, "conflict"),
        (errors.StaleRevision("x"), 412, "stale-revision"),
        (errors.NotSignedIn("x"), 401, "not-signed-in"),
        (errors.Forbidden("x"), 403, "forbidden"),
        (errors.TooLarge("x"), 413, "too-large"),
        (errors.DiskReserve("x"), 507, "disk-reserve"),
        (TooManyAttempts("x"), 429, "too-many-attempts"),
        (OnlySilence("x"), 422, "only-silence"),
        (EmptySlot("x"), 422, "empty-slot"),
    ],
)
def test_each_domain_error_has_its_status_and_type(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error)
    assert problem["status"] == status
    assert problem["type"] == f"urn:danpa:problem:{code}"
    assert problem["detail"] == str(error)


def test_a_feature_packages_own_error_keeps_its_code() -> None:
    class WrongState(errors.Conflict):
        code = "wrong-state"

    problem = problem_of(WrongState("it was retired"))
    assert (problem["status"], problem["type"]) == (409, "urn:danpa:problem:wrong-state")


def test_a_culprit_is_named() -> None:
    problem = problem_of(errors.Invalid("air_until is before air_from", field="air_until"))
    assert problem["errors"] == [{"field": "air_until", "message": "air_until is before air_from"}]


def test_the_unexpected_tells_nothing() -> None:
    problem = problem_of(RuntimeError("password=hunter2"))
    assert problem["status"] == 500
    assert "hunter2" not in str(problem)


def _below(root: type[Exception]) -> list[type[Exception]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _below(child))]


@pytest.mark.parametrize("root", [errors.DanpaError, AudioError, ScheduleError])
def test_codes_are_fit_for_a_urn(root: type[Exception]) -> None:
    codes = [getattr(kind, "code", None) for kind in _below(root)]
    assert all(code is None or code.replace("-", "").isalnum() for code in codes)


def test_a_refusal_of_the_compiler_carries_its_sentences_with_their_codes() -> None:
    stage = say("element", "element {number} ({what})", number=1, what=say("fill", "fill"))
    said = say("nothing-for-it", "{stage}: nothing", stage=stage)
    problem = problem_of(NothingToPick(said, (say("relax-required", "{stage}: leave it out", stage=stage),)))
    assert problem["detail"] == "element 1 (fill): nothing"
    assert problem["said"] == said.written()
    [relaxation] = problem["relaxations"]
    assert (relaxation["code"], relaxation["text"]) == ("relax-required", "element 1 (fill): leave it out")
    assert relaxation["values"]["stage"]["values"]["number"] == 1
    assert json.loads(json.dumps(problem)) == problem
