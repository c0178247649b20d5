"""``python -m app`` is the command ``danpa``."""

from app.cli import main

main()
