"""Settings of one station, read from the environment with the prefix ``DANPA_``."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

GIB = 1024**3


class Settings(BaseSettings):
    """What a station's operator may set; every field is ``DANPA_<NAME>`` in the environment."""

    model_config = SettingsConfigDict(env_prefix="DANPA_", frozen=True, extra="ignore")

    home: Path = Field(Path("var"), description="Folder of the station: database, audio, locks, journals.")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str | None = Field(None, description="How people reach the page, if not http://host:port.")
    workers: int = Field(2, ge=1, le=16, description="Worker processes; the first takes no ingest jobs.")
    ffmpeg: Path | None = Field(None, description="ffmpeg binary; else PATH, else the imageio-ffmpeg wheel.")
    espeak: Path | None = Field(
        None, description="espeak-ng binary; else PATH. Speaks what has no recording."
    )

    studio_host: str = Field("127.0.0.1", description="Address on which studios connect for live input.")
    studio_port: int | None = Field(
        None, ge=0, le=65535, description="Its port, 8010 say; none: no live input."
    )
    studio_cushion_s: float = Field(
        1.5, ge=0.3, le=10.0, description="So long before it is due what a studio sends is ready."
    )

    upload_limit_bytes: int = Field(4 * GIB, gt=0)
    partial_uploads_limit: int = Field(
        100, ge=1, description="Resumable uploads that one person may have under way."
    )
    partial_uploads_limit_bytes: int = Field(16 * GIB, gt=0, description="Bytes that they announce together.")
    segment_limit_s: int = Field(4 * 3600, gt=0, description="Longest segment that is taken in, in seconds.")
    disk_reserve_bytes: int = Field(GIB, ge=0, description="Uploads are refused below this much free space.")
    cache_limit_bytes: int = Field(4 * GIB, ge=0, description="Size cap of the cache of processed segments.")

    drop_folder: Path | None = Field(
        None, description="Recordings that appear in this folder are taken in; none: no drop folder."
    )
    drop_folder_person: str = Field("engineer", description="In whose name dropped recordings are taken in.")
    drop_folder_settle_s: float = Field(
        10.0, ge=1, description="A dropped file is complete when it has not changed for so long, in seconds."
    )

    horizon_h: int = Field(48, ge=1, description="Airings are materialised this many hours ahead.")
    sweep_s: float = Field(5.0, gt=0, description="The engine looks at everything at least this often.")
    keep_artefacts_days: int = Field(
        90, ge=1, description="Age at which a closed airing's audio is collected."
    )

    target_latitude: float = Field(39.03, ge=-90, le=90, description="Whom predictions are for: Pyongyang.")
    target_longitude: float = Field(125.75, ge=-180, le=180, description="Degrees east.")

    alarm_webhook_url: str | None = None
    alarm_email_to: str | None = Field(None, description="Addresses, separated by commas.")
    alarm_email_from: str = "danpa@localhost"
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = Field("starttls", pattern="^(starttls|tls|plain)$")
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None

    cookie_secure: bool = Field(False, description="Set when the page is reached over HTTPS.")
    log_json: bool = False

    @cached_property
    def root(self) -> Path:
        """The station's folder as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def database_path(self) -> Path:
        return self.root / "danpa.db"

    @property
    def blobs_dir(self) -> Path:
        """Originals, masters, peaks, fingerprints, artefacts and frozen reports, each named by its SHA-256."""
        return self.root / "blobs"

    @property
    def voices_dir(self) -> Path:
        """The station's voice packs, a folder for each language."""
        return self.root / "voices"

    @property
    def incoming_dir(self) -> Path:
        """Uploads that are being received or wait for their ingest."""
        return self.root / "incoming"

    @property
    def cache_dir(self) -> Path:
        """Processed segments, and waveforms of airings: disposable, size-capped."""
        return self.root / "cache"

    @property
    def run_dir(self) -> Path:
        """Locks and status files of the running processes."""
        return self.root / "run"

    @property
    def armed_dir(self) -> Path:
        return self.root / "air" / "armed"

    @property
    def air_dir(self) -> Path:
        return self.root / "air"

    @property
    def studio_dir(self) -> Path:
        """What studios send: frames that the air process reads while they come, and recordings."""
        return self.root / "air" / "studio"

    @property
    def alarm_channels(self) -> tuple[str, ...]:
        """The ways in which alarms are told."""
        webhook = ("webhook",) if self.alarm_webhook_url else ()
        return webhook + (("email",) if self.smtp_host and self.alarm_email_to else ())

    def page_url(self) -> str:
        """Where people find the page."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    def make_directories(self) -> None:
        """Make the station's folders, readable by their owner only."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for directory in (
            *(
                self.blobs_dir / kind
                for kind in ("originals", "masters", "peaks", "fingerprints", "artefacts", "reports")
            ),
            self.voices_dir / "ko",
            self.incoming_dir,
            self.cache_dir,
            self.run_dir,
            self.armed_dir,
            self.studio_dir,
        ):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
