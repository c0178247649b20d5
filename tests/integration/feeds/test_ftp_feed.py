"""The FTP feed against vsftpd, and against a server that goes wrong in ways vsftpd cannot."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.feeds import ftp_session
from app.feeds.drivers import FeedAddress, Limits, open_feed
from app.feeds.errors import PassingFeedError
from tests.cut_lines import CutLine
from tests.disks import mounted
from tests.ftp_faults import FaultyFtp
from tests.ftp_sites import PASSWORD, USER, Certificate, vsftpd
from tests.integration.feeds.contract_tests import (
    Contract,
    Site,
    deliver,
    entries_of,
    look,
    refused,
    run,
    send,
    sending,
)
from tests.integration.feeds.recordings import Audio, make_audio
from tests.receivers import certificate as make_certificate
from tests.ssh_sites import open_place, silent_server

KIB_64 = 1 << 16
IMPATIENT = Limits(connect_s=5, quiet_s=0.5, send_s=20, read_back_s=20)
CREDENTIAL = "env:DANPA_FEED_SITE"


@pytest.fixture(scope="module")
def certificate(peer: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(*make_certificate(tmp_path_factory.mktemp("tls"), peer("openssl")))


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANPA_FEED_SITE", PASSWORD)


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site's certificate is one that our machine accepts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    ftp_session._authorities.cache_clear()
    yield
    ftp_session._authorities.cache_clear()


def find_vsftpd(peer: Callable[[str], Path]) -> Path:
    return Path(shutil.which("vsftpd", path="/usr/sbin:/usr/local/sbin") or peer("vsftpd"))


@pytest.fixture(scope="module")
def served(peer: Callable[[str], Path], certificate: Certificate) -> Iterator[tuple[Path, int]]:
    """What vsftpd serves, and its port: TLS by command, and the session of the one for the other."""
    with open_place() as place:
        (place / "root").mkdir()
        with vsftpd(place, find_vsftpd(peer), certificate) as port:
            yield place / "root", port


@pytest.fixture
def site(served: tuple[Path, int], trusted: None) -> Iterator[Site]:
    root, port = served
    folder = new_folder(root)
    yield Site(folder, feed_address(f"ftpes://{USER}@127.0.0.1:{port}/in"), shows_bytes=False)
    for each in root.iterdir():
        shutil.rmtree(each)


def new_folder(root: Path) -> Path:
    folder = root / "in"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


def feed_address(url: str, **options: Any) -> FeedAddress:
    return FeedAddress("ftp", url, credential=CREDENTIAL, options=options)


class TestContractWithVsftpd(Contract):
    pass


@pytest.fixture
def faulty(tmp_path: Path, certificate: Certificate, trusted: None) -> Iterator[FaultyFtp]:
    root = tmp_path / "site"
    root.mkdir()
    new_folder(root)
    with FaultyFtp(root, certificate) as server:
        yield server


@pytest.fixture
def other(faulty: FaultyFtp, tmp_path: Path) -> Site:
    address = feed_address(f"ftpes://station@127.0.0.1:{faulty.port}/in")
    return Site(tmp_path / "site" / "in", address, shows_bytes=False)


class TestContractWithMlsd(Contract):
    """Unlike vsftpd it lists by MLSD, which tells times too."""

    @pytest.fixture
    def site(self, other: Site) -> Site:
        return other

    def test_it_tells_the_time_of_each_file(self, site: Site, audio: Audio) -> None:
        send(site.feed(), audio)
        (listed,) = entries_of(site)
        assert listed.modified_at is not None


# ---------------------------------------------------------------- TLS, and who we are


def test_tls_from_the_first_byte(
    peer: Callable[[str], Path], certificate: Certificate, trusted: None, audio: Audio
) -> None:
    with open_place() as place:
        folder = new_folder_in_new_root(place)
        with vsftpd(place, find_vsftpd(peer), certificate, implicit=True) as port:
            feed = open_feed(feed_address(f"ftps://{USER}@127.0.0.1:{port}/in"))
            assert send(feed, audio).facts["transport"] in {"TLSv1.2", "TLSv1.3"}
            assert look(feed, audio).verdict == "present"
        assert (folder / audio.name).read_bytes() == audio.content


def new_folder_in_new_root(place: Path) -> Path:
    (place / "root").mkdir()
    return new_folder(place / "root")


def test_a_certificate_that_nobody_vouches_for_needs_a_person_or_a_pin(
    served: tuple[Path, int], certificate: Certificate, audio: Audio
) -> None:
    root, port = served
    folder = new_folder(root)
    url = f"ftpes://{USER}@127.0.0.1:{port}/in"
    error = refused(sending(open_feed(feed_address(url)), audio), audio)
    assert (error.code, error.permanent) == ("tls", True)
    der = ssl.PEM_cert_to_DER_cert(certificate.cert.read_text())
    digest = hashlib.sha256(der).hexdigest()
    for pin in (digest, digest.upper(), ":".join(digest[i : i + 2] for i in range(0, 64, 2))):
        assert deliver(open_feed(feed_address(url, certificate_sha256=pin)), audio).verdict == "present"
    wrong = open_feed(feed_address(url, certificate_sha256="0" * 64))
    error = refused(sending(wrong, audio), audio)
    assert (error.code, error.permanent) == ("tls", True)
    assert digest in str(error)
    assert [path.name for path in folder.iterdir()] == [audio.name]
    shutil.rmtree(folder)


def test_a_server_without_tls_is_not_talked_to(tmp_path: Path, audio: Audio) -> None:
    (tmp_path / "site").mkdir()
    with FaultyFtp(tmp_path / "site", None) as server:
        seen = server.faults.seen
        for scheme in ("ftpes", "ftps"):
            url = f"{scheme}://station@127.0.0.1:{server.port}/"
            error = refused(sending(open_feed(feed_address(url), IMPATIENT), audio))
            assert error.code in {"tls", "timeout", "connection-lost"}
    assert not [line for line in seen if line.startswith(("USER", "PASS"))]


def test_in_clear_only_where_somebody_accepted_it(tmp_path: Path, audio: Audio) -> None:
    folder = new_folder(tmp_path)
    with FaultyFtp(tmp_path, None) as server:
        seen = server.faults.seen
        url = f"ftp://station@127.0.0.1:{server.port}/in"
        for options in ({}, {"accept_plaintext": False}, {"accept_plaintext": "yes"}):
            error = refused(sending(open_feed(feed_address(url, **options)), audio))
            assert (error.code, error.permanent) == ("bad-address", True)
            assert "password" in str(error)
        assert seen == []
        feed = open_feed(feed_address(url, accept_plaintext=True))
        assert send(feed, audio).facts["transport"] == "in clear"
        assert look(feed, audio).verdict == "present"
    assert [path.name for path in folder.iterdir()] == [audio.name]


def test_a_wrong_password_needs_a_person(site: Site, audio: Audio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANPA_FEED_WRONG", "wrong")
    error = refused(sending(site.feed(credential="env:DANPA_FEED_WRONG"), audio), audio)
    assert (error.code, error.permanent) == ("unauthorised", True)


def test_a_demo_feed_is_confined_when_it_sends(site: Site, audio: Audio, tmp_path: Path) -> None:
    far = site.feed(address="ftpes://station@localhost/in", confined_to=tmp_path)
    for call in (sending(far, audio), far.entries(), far.remove("a"), far.trial()):
        assert refused(call).code == "confined"
    assert deliver(site.feed(confined_to=tmp_path), audio).verdict == "present"


def test_neither_names_nor_hosts_nor_secrets_are_logged_or_printed(
    site: Site, audio: Audio, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    deliver(site.feed(), audio)
    refused(sending(site.at("gone"), audio), audio)
    printed = "".join(capfd.readouterr()) + caplog.text
    for secret in (audio.name, "127.0.0.1", PASSWORD):
        assert secret not in printed


# ---------------------------------------------------------------- what may happen on the way


def test_the_way_home_and_the_root_are_told_apart(faulty: FaultyFtp, other: Site, audio: Audio) -> None:
    for place in ("~/in", "in", "~/in/../in"):
        feed = other.feed(address=f"ftpes://station@127.0.0.1:{faulty.port}/{place}", read_back="get")
        assert deliver(feed, audio).verdict == "present"
        assert [entry.name for entry in run(feed.entries()) or ()] == [audio.name]
        run(feed.remove(audio.name))


def test_cut_off_at_every_64_kib_the_site_keeps_the_older_version(
    faulty: FaultyFtp, other: Site, audio: Audio, newer: Audio
) -> None:
    send(other.feed(), audio)
    for size in range(1, newer.size, KIB_64):
        faulty.faults.cut_at = size
        error = refused(sending(other.feed(), newer), newer)
        assert not error.permanent
        assert (other.folder / audio.name).read_bytes() == audio.content
        assert other.names() == [audio.name]
    faulty.faults.cut_at = None
    assert deliver(other.feed(), newer).verdict == "present"


def test_a_server_killed_in_the_middle_keeps_the_older_version(
    peer: Callable[[str], Path], certificate: Certificate, trusted: None, audio: Audio, newer: Audio
) -> None:
    """The whole line, commands and data, goes at once."""
    with open_place() as place:
        folder = new_folder_in_new_root(place)
        (folder / audio.name).write_bytes(audio.content)
        slow = "anon_max_rate=3000000"
        with vsftpd(place, find_vsftpd(peer), certificate, extra=slow) as port, CutLine(port) as line:
            feed = open_feed(feed_address(f"ftpes://{USER}@127.0.0.1:{line.port}/in"))
            for size in (0, 10, 600, 900, 1300):
                line.cut_after(size)
                assert not refused(sending(feed, newer), newer).permanent
                assert (folder / audio.name).read_bytes() == audio.content
            line.cut_after(1 << 40)
            assert deliver(feed, newer).verdict == "present"
        assert [path.name for path in folder.iterdir()] == [audio.name]


def test_an_upload_whose_confirmation_never_comes_is_finished_on_a_second_connection(
    faulty: FaultyFtp, other: Site, audio: Audio
) -> None:
    """A router forgets the control connection of a long upload; each attempt would else fail at the same place."""
    faulty.faults.lose_control_at = audio.size
    facts = send(other.feed(limits=IMPATIENT), audio).facts
    assert facts["confirmed"] == "size, asked on a second connection"
    assert look(other.feed(), audio).verdict == "present"
    assert other.names() == [audio.name]


def test_a_confirmation_that_never_comes_and_a_wrong_size_is_no_delivery(
    faulty: FaultyFtp, other: Site, audio: Audio, newer: Audio
) -> None:
    send(other.feed(), audio)
    faulty.faults.lose_control_at = newer.size
    faulty.faults.size_plus = -1
    error = refused(sending(other.feed(limits=IMPATIENT), newer), newer)
    assert (error.code, error.permanent) == ("lost-after-upload", False)
    assert (other.folder / audio.name).read_bytes() == audio.content
    assert other.names() == [audio.name]


@pytest.mark.parametrize("command", ["AUTH", "PASS", "EPSV", "STOR", "RNTO", "FEAT"])
def test_a_server_that_stops_answering_is_given_up(
    faulty: FaultyFtp, other: Site, audio: Audio, command: str
) -> None:
    faulty.faults.silent = (command,)
    error = refused(sending(other.feed(limits=IMPATIENT), audio), audio)
    assert (error.code, error.permanent) == ("timeout", False)
    faulty.faults.silent = ()
    assert deliver(other.feed(), audio).verdict == "present"
    assert other.names() == [audio.name]


@pytest.mark.parametrize("greeting", [b"", b"220-wait\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_a_server_that_says_nothing_of_use_is_given_up(audio: Audio, greeting: bytes) -> None:
    with silent_server(greeting) as port:
        for scheme in ("ftpes", "ftps"):
            feed = open_feed(feed_address(f"{scheme}://station@127.0.0.1:{port}/in"), IMPATIENT)
            error = refused(sending(feed, audio), audio)
            assert error.code in {"timeout", "server-error", "tls"}


def test_a_site_that_is_down_or_unknown_passes(audio: Audio) -> None:
    with silent_server() as port:
        pass
    assert (
        refused(sending(open_feed(feed_address(f"ftpes://a@127.0.0.1:{port}/")), audio)).code == "unreachable"
    )
    unknown = open_feed(feed_address("ftpes://a@no-such-host.invalid/"))
    assert refused(sending(unknown, audio)).code == "host-unknown"


def test_a_cancelled_attempt_does_not_keep_the_next_one_out(
    faulty: FaultyFtp, other: Site, audio: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it waits for a silent server with all its patience."""
    monkeypatch.setattr("app.feeds.threads.GRACE_S", 0.1)
    faulty.faults.silent = ("STOR",)
    feed = other.feed(Limits(quiet_s=60, send_s=0.5))

    async def night() -> None:
        with pytest.raises(PassingFeedError) as caught:
            await sending(feed, audio)
        assert caught.value.code == "timeout"
        faulty.faults.silent = ()
        for _ in range(100):
            with contextlib.suppress(PassingFeedError):  # busy, for a moment
                await sending(other.feed(), audio)
                return
            await asyncio.sleep(0.05)
        pytest.fail("the first attempt hangs on")

    run(night())
    assert look(other.feed(), audio).verdict == "present"


# ---------------------------------------------------------------- what a site may refuse


def test_a_folder_that_refuses_us_needs_a_person(site: Site, audio: Audio) -> None:
    (site.folder / audio.name).write_bytes(b"older")
    site.folder.chmod(0o555)
    for call in (sending(site.feed(), audio), site.feed().remove(audio.name), site.feed().trial()):
        error = refused(call, audio)
        assert (error.code, error.permanent) == ("not-writable", True)
    assert (site.folder / audio.name).read_bytes() == b"older"


def test_in_place_a_file_that_we_may_not_write_is_not_lost_either(site: Site, audio: Audio) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make files of somebody else")
    (site.folder / audio.name).write_bytes(b"older")
    (site.folder / audio.name).chmod(0o644)
    error = refused(sending(site.feed(temporary="{name}"), audio), audio)
    assert (error.code, error.permanent) == ("not-writable", True)
    assert (site.folder / audio.name).read_bytes() == b"older"


def test_a_file_that_we_may_not_read_stays_unverified(site: Site, audio: Audio) -> None:
    (site.folder / audio.name).write_bytes(audio.content)
    (site.folder / audio.name).chmod(0o600)  # root's
    seen = look(site.feed(), audio)
    assert (seen.verdict, seen.facts) == ("unknown", {"refused": "reading"})


def test_a_full_disk_keeps_the_older_version_and_is_tried_again(
    peer: Callable[[str], Path], certificate: Certificate, trusted: None, audio: Audio
) -> None:
    with open_place() as place, mounted(place / "root", "1m") as root:
        folder = new_folder(root)
        (folder / audio.name).write_bytes(b"the version before")
        with vsftpd(place, find_vsftpd(peer), certificate) as port:
            error = refused(
                sending(open_feed(feed_address(f"ftpes://{USER}@127.0.0.1:{port}/in")), audio), audio
            )
        assert error.code in {"storage-error", "connection-lost", "disk-full"}
        assert not error.permanent
        assert [path.name for path in folder.iterdir()] == [audio.name]
        assert (folder / audio.name).read_bytes() == b"the version before"


def test_a_server_that_says_that_its_disk_is_full_is_understood(
    faulty: FaultyFtp, other: Site, audio: Audio
) -> None:
    faulty.faults.full_at = 300_000
    error = refused(sending(other.feed(), audio), audio)
    assert (error.code, error.permanent) == ("disk-full", False)
    assert other.names() == []


@pytest.mark.parametrize(
    ("command", "answer", "code", "permanent"),
    [
        ("STOR", "552 Quota exceeded.", "disk-full", False),
        ("STOR", "451 Local error.", "storage-error", False),
        ("STOR", "421 Going down.", "busy", False),
        ("STOR", "425 No data connection.", "connection-lost", False),
        ("STOR", "553 Name not allowed.", "not-writable", True),
        ("STOR", "522 Session reuse required.", "tls", True),
        ("STOR", "502 Not here.", "refused", True),
        ("PASS", "530 Login incorrect.", "unauthorised", True),
        ("PASS", "421 Too many users.", "busy", False),
        ("AUTH", "504 No TLS.", "tls", True),
        ("PROT", "536 Not here.", "tls", True),
        ("RNTO", "550 Not allowed.", "not-writable", True),
    ],
)
def test_refusals_are_told_apart(
    faulty: FaultyFtp, other: Site, audio: Audio, *, command: str, answer: str, code: str, permanent: bool
) -> None:
    faulty.faults.refuse[command] = answer
    error = refused(sending(other.feed(), audio), audio)
    assert (error.code, error.permanent) == (code, permanent)
    assert other.names() == []


def test_a_server_that_replaces_no_name_gets_the_older_file_removed_and_the_receipt_says_so(
    faulty: FaultyFtp, other: Site, audio: Audio, newer: Audio
) -> None:
    faulty.faults.no_overwrite = True
    ways = [send(other.feed(), version).facts["switched"] for version in (audio, newer)]
    assert ways == ["rename", "removed the older, then renamed"]
    assert look(other.feed(), newer).verdict == "present"
    assert other.names() == [newer.name]


def test_a_server_that_lies_about_the_size_or_loses_the_file_is_found_out(
    faulty: FaultyFtp, other: Site, audio: Audio
) -> None:
    faulty.faults.size_plus = 1
    assert refused(sending(other.feed(), audio)).code == "lost-after-upload"
    assert other.names() == []
    faulty.faults.size_plus = 0
    faulty.faults.drop_files = True
    send(other.feed(), audio)
    assert look(other.feed(), audio).verdict == "absent"


def test_a_hash_that_the_server_states_counts(faulty: FaultyFtp, other: Site, audio: Audio) -> None:
    faulty.faults.hash_is = audio.sha256.upper()
    send(other.feed(), audio)
    seen = look(other.feed(read_back="head"), audio)
    assert (seen.verdict, seen.how) == ("present", "FTP hash")
    faulty.faults.hash_is = "0" * 64
    assert look(other.feed(read_back="head"), audio).verdict == "different"
    assert refused(sending(other.feed(), audio)).code == "lost-after-upload"


def test_without_mlsd_names_and_sizes_are_asked_one_by_one_and_without_size_nothing_is_said(
    faulty: FaultyFtp, other: Site, audio: Audio
) -> None:
    send(other.feed(), audio)
    other.new_folder("archive")
    faulty.faults.unknown = ("MLST", "MLSD")
    assert [(entry.name, entry.size) for entry in entries_of(other)] == [(audio.name, audio.size)]
    faulty.faults.unknown = ("MLST", "MLSD", "SIZE")
    assert run(other.feed().entries()) is None
    assert deliver(other.feed(), audio).verdict == "present"  # it can still be read
    assert look(other.feed(read_back="head"), audio).verdict == "unknown"
    faulty.faults.unknown = ("MLST", "MLSD", "NLST")
    assert run(other.feed().entries()) is None


def test_a_server_that_knows_only_the_old_passive_mode_is_believed_about_the_port_alone(
    faulty: FaultyFtp, other: Site, audio: Audio
) -> None:
    faulty.faults.refuse["EPSV"] = "500 What?"
    assert deliver(other.feed(), audio).verdict == "present"
    with silent_server() as port:
        # An address of somebody else's, as behind a careless router: the host of the commands is the host of the data.
        faulty.faults.refuse["PASV"] = f"227 Entering passive mode (192,0,2,1,{port >> 8},{port & 255})."
        error = refused(sending(other.feed(limits=IMPATIENT), audio), audio)
    assert error.code == "timeout"  # it reached our own silent port, and no further


def test_what_we_wrote_is_what_the_plain_client_reads(
    site: Site, certificate: Certificate, tmp_path: Path, peer: Callable[[str], Path]
) -> None:
    hour = make_audio(tmp_path, seed=5, size=20_000_001)
    send(site.feed(), hour)
    url = site.address.address.replace("ftpes://", "ftp://").replace(USER, f"{USER}:{PASSWORD}")
    command = [
        str(peer("curl")),
        "-sS",
        "--ssl-reqd",
        "--cacert",
        str(certificate.cert),
        f"{url}/{hour.name}",
    ]
    fetched = subprocess.run(command, check=True, capture_output=True).stdout
    assert fetched == hour.content


def test_forty_hanging_sites_hold_up_nobody(site: Site, audio: Audio, newer: Audio) -> None:
    async def night(port: int) -> list[Any]:
        dead = open_feed(feed_address(f"ftpes://a@127.0.0.1:{port}/"), Limits(quiet_s=3, send_s=3))
        hanging = asyncio.gather(
            *(sending(dead, audio, f"{number}.mp3") for number in range(40)), return_exceptions=True
        )
        await sending(site.feed(), newer)
        assert not hanging.done()
        return await hanging

    with silent_server() as port:
        errors = run(night(port))
    assert {getattr(error, "code", error) for error in errors} == {"timeout"}
    assert site.names() == [newer.name]
