"""The API's description: every body shows an example, and every example is right."""

from __future__ import annotations

import inspect
import io
from pathlib import Path
from typing import Any

import pytest
from fastapi import UploadFile
from pydantic import BaseModel

from app.settings import Settings
from app.web import application
from app.web.application import create_app


def _examples(model: type[BaseModel]) -> list[Any]:
    extra = model.model_config.get("json_schema_extra")
    if not isinstance(extra, dict):
        return []
    several = extra.get("examples", [])
    assert isinstance(several, list)
    return [*several, *([extra["example"]] if "example" in extra else [])]


def _models() -> list[type[BaseModel]]:
    """The bodies of every router's module and of the schemas beside it."""
    modules = {inspect.getmodule(route.endpoint) for router in application.ROUTERS for route in router.routes}  # type: ignore[attr-defined]
    models = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, BaseModel) and _examples(value)
    }
    return sorted(models, key=lambda model: (model.__module__, model.__name__))


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_examples_are_valid(model: type[BaseModel]) -> None:
    # What a form uploads stands in an example as words
    files = {
        name: UploadFile(io.BytesIO())
        for name, field in model.model_fields.items()
        if field.annotation is UploadFile
    }
    for example in _examples(model):
        model.model_validate({**example, **files})


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home: Path = tmp_path_factory.mktemp("station")
    described: dict[str, Any] = create_app(Settings(home=home)).openapi()
    return described


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_every_json_body_has_an_example(document: dict[str, Any]) -> None:
    for operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            shown = document["components"]["schemas"][name]
            assert shown.get("examples") or shown.get("example"), name


def test_every_call_has_a_name_of_its_own_and_plain_words(document: dict[str, Any]) -> None:
    operations = _operations(document)
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)
    assert all(operation.get("summary") for operation in operations)
