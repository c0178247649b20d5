"""Every table, imported in one place so that the metadata is whole."""

from sqlmodel import SQLModel

from app.advice.models import Jammer
from app.air.models import AirRecord
from app.airings.models import Airing, Artefact, AsRun, Intent, RundownVersion, StandIn
from app.alarms.models import Alarm, Notification
from app.approving.models import Reminder, SegmentNote, SignOff
from app.contracts.models import Contract, LogEntry, LogImport
from app.events.models import Event
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.handoffs.models import Attempt, Handoff
from app.jobs.models import Job
from app.journal.models import JournalEntry
from app.library import findable as _findable  # noqa: F401 - whoever writes a segment makes it findable
from app.library.models import Cut, ImportedFile, Segment, SegmentLandmark, SegmentSearch, SegmentTag
from app.monitor.models import Listening
from app.moves.models import LineChange, NoticeChange, PoolEntry, ReplyLink, SiteNotice
from app.people.models import BrowserSession, IdempotentRequest, Key, LoginLink, Person
from app.programmes.models import Programme, Replacement, Slot
from app.propagation.models import Prediction
from app.pull.models import Fetch, Offer, PullKey
from app.reports.models import ReceptionReport
from app.schedule.models import Background, BackgroundLine
from app.station.models import Station
from app.uploads.models import Upload

__all__ = [
    "AirRecord",
    "Airing",
    "Alarm",
    "Artefact",
    "AsRun",
    "Attempt",
    "Background",
    "BackgroundLine",
    "BrowserSession",
    "Contract",
    "Cut",
    "Event",
    "Feed",
    "Fetch",
    "Handoff",
    "IdempotentRequest",
    "ImportedFile",
    "Intent",
    "Jammer",
    "Job",
    "JournalEntry",
    "Key",
    "Line",
    "LineChange",
    "LineFeed",
    "Listening",
    "LogEntry",
    "LogImport",
    "LoginLink",
    "NoticeChange",
    "Notification",
    "Offer",
    "Person",
    "PoolEntry",
    "Prediction",
    "Programme",
    "PullKey",
    "ReceptionReport",
    "Reminder",
    "Replacement",
    "ReplyLink",
    "RundownVersion",
    "SQLModel",
    "Segment",
    "SegmentLandmark",
    "SegmentNote",
    "SegmentSearch",
    "SegmentTag",
    "SignOff",
    "Site",
    "SiteNotice",
    "Slot",
    "StandIn",
    "Station",
    "Upload",
]
