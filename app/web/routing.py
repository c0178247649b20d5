"""What a feature's routes are collected in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute


class Router(APIRouter):
    """The routes of one feature, complete where they are written.

    Each is called in the API's description as its function is: stable, readable, and unique (a test looks).
    """

    def __init__(self, **about: Any) -> None:
        super().__init__(**about, generate_unique_id_function=_name)


def _name(route: APIRoute) -> str:
    return route.name
