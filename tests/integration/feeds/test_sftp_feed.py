"""The SFTP feed against Debian's sshd, and against a server that goes wrong in ways sshd cannot."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from app.feeds.drivers import FeedAddress, FileFeed, Limits, open_feed
from app.feeds.errors import PassingFeedError
from tests.cut_lines import CutLine
from tests.disks import mounted
from tests.integration.feeds.contract_tests import Contract, Site, deliver, look, refused, run, send, sending
from tests.integration.feeds.recordings import Audio, make_audio
from tests.ssh_sites import PASSWORD, USER, SshSite, faulty_ssh, new_key, open_place, openssh, silent_server

KIB_64 = 1 << 16
IMPATIENT = Limits(connect_s=5, quiet_s=0.5, send_s=20, read_back_s=20)


@pytest.fixture(scope="module")
def sshd(peer: Callable[[str], Path]) -> Iterator[SshSite]:
    with open_place() as place, openssh(place, find_sshd(peer)) as server:
        yield server


def find_sshd(peer: Callable[[str], Path]) -> Path:
    """It lies in /usr/sbin, which users do not have in their PATH, and must be called by its absolute path."""
    return Path(shutil.which("sshd", path="/usr/sbin:/usr/local/sbin") or peer("sshd"))


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_place() as place:
        made = place / "in"
        made.mkdir()
        made.chmod(0o777)
        place.chmod(0o777)
        yield made


def address_of(server: SshSite, folder: str | Path, port: int | None = None) -> FeedAddress:
    return FeedAddress(
        "sftp",
        f"sftp://{USER}@127.0.0.1:{port or server.port}/{str(folder).lstrip('/')}",
        credential=f"file:{server.key}",
        options={"host_key": server.host_key},
    )


@pytest.fixture
def site(sshd: SshSite, folder: Path) -> Site:
    return Site(folder, address_of(sshd, folder))


class TestContract(Contract):
    pass


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DANPA_FEED_SITE", PASSWORD)
    return "env:DANPA_FEED_SITE"


# ---------------------------------------------------------------- who is there, and who we are


def test_a_changed_host_key_is_told_with_both_fingerprints_and_nothing_is_sent(
    site: Site, sshd: SshSite, audio: Audio, tmp_path: Path
) -> None:
    other = new_key(tmp_path / "other")
    error = refused(sending(site.feed(options={"host_key": other}), audio), audio)
    assert (error.code, error.permanent) == ("host-key", True)
    for line in (other, sshd.host_key):
        assert asyncssh.import_public_key(line).get_fingerprint() in str(error)
    assert site.names() == []


def test_without_a_pinned_key_nothing_is_sent_but_the_servers_is_told(
    tmp_path: Path, folder: Path, audio: Audio, password: str
) -> None:
    with faulty_ssh(tmp_path, folder) as server:
        feed = open_feed(replace(address_of(server, ""), credential=password, options={}))
        error = refused(sending(feed, audio))
    assert error.code == "host-key"
    assert asyncssh.import_public_key(server.host_key).get_fingerprint() in str(error)


def test_a_host_key_that_is_none_needs_a_person(site: Site, audio: Audio) -> None:
    error = refused(sending(site.feed(options={"host_key": "ssh-ed25519 nonsense"}), audio))
    assert (error.code, error.permanent) == ("host-key", True)


@pytest.mark.parametrize("pinned", [0, 1, 2])
def test_one_of_several_host_keys_is_enough(
    peer: Callable[[str], Path], folder: Path, audio: Audio, pinned: int
) -> None:
    """A server with several keys must be asked for the one that we know."""
    kinds = ("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519")
    with open_place() as place, openssh(place, find_sshd(peer), host_keys=kinds) as server:
        line = server.host_key.splitlines()[pinned]
        feed = open_feed(replace(address_of(server, folder), options={"host_key": line + " a comment\n\n"}))
        assert deliver(feed, audio).verdict == "present"


def test_a_wrong_user_key_or_password_needs_a_person(
    site: Site, audio: Audio, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_key(tmp_path / "stranger")
    errors = [refused(sending(site.feed(credential=f"file:{tmp_path}/stranger"), audio), audio)]
    errors.append(refused(sending(site.feed(credential=None), audio), audio))
    monkeypatch.setenv("DANPA_FEED_WRONG", "wrong")
    with faulty_ssh(tmp_path, folder) as server:
        feed = open_feed(replace(address_of(server, ""), credential="env:DANPA_FEED_WRONG"))
        errors.append(refused(sending(feed, audio), audio))
    assert [(error.code, error.permanent) for error in errors] == [("unauthorised", True)] * 3


def test_a_password_lets_us_in(tmp_path: Path, folder: Path, audio: Audio, password: str) -> None:
    with faulty_ssh(tmp_path, folder) as server:
        feed = open_feed(replace(address_of(server, ""), credential=password))
        assert deliver(feed, audio).verdict == "present"


@pytest.mark.parametrize("form", ["RFC4716", "PKCS8"])
def test_a_key_with_a_passphrase_is_refused_with_a_word(
    site: Site, audio: Audio, tmp_path: Path, peer: Callable[[str], Path], form: str
) -> None:
    path = tmp_path / "locked"
    kind = ["-t", "ecdsa", "-m", form, "-N", "secret"]
    subprocess.run([peer("ssh-keygen"), "-q", *kind, "-f", path], check=True)
    error = refused(sending(site.feed(credential=f"file:{path}"), audio))
    assert (error.code, error.permanent) == ("credential", True)
    assert "passphrase" in str(error)


def test_the_home_of_the_engine_has_no_say(
    site: Site, audio: Audio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its known hosts, nor its configuration, nor its keys."""
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    (ssh / "config").write_text("Host *\n  Port 9\n  User root\n  Compression yes\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "no-agent"))
    assert deliver(site.feed(), audio).verdict == "present"


def test_a_demo_feed_is_confined_when_it_sends(site: Site, audio: Audio, tmp_path: Path) -> None:
    far = site.feed(address="sftp://station@localhost/in", confined_to=tmp_path)
    for call in (sending(far, audio), far.entries(), far.remove("a"), far.trial()):
        assert refused(call).code == "confined"
    assert deliver(site.feed(confined_to=tmp_path), audio).verdict == "present"


def test_neither_names_nor_hosts_are_logged(
    site: Site, audio: Audio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    deliver(site.feed(), audio)
    refused(sending(site.at("gone"), audio), audio)
    for secret in (audio.name, "127.0.0.1", str(site.folder)):
        assert secret not in caplog.text


# ---------------------------------------------------------------- what may happen on the way


def test_the_way_home_and_the_root_are_told_apart(
    peer: Callable[[str], Path], folder: Path, audio: Audio, tmp_path: Path, password: str
) -> None:
    (folder / "below").mkdir()
    with faulty_ssh(tmp_path, folder) as server:
        for place in ("~", "~/below", "below"):
            feed = open_feed(replace(address_of(server, place), credential=password))
            assert deliver(feed, audio).verdict == "present"
            assert [entry.name for entry in run(feed.entries()) or ()] == [audio.name]
    assert (folder / "below" / audio.name).exists()


def test_cut_off_at_every_64_kib_the_site_keeps_the_older_version(
    sshd: SshSite, folder: Path, audio: Audio, newer: Audio
) -> None:
    (folder / audio.name).write_bytes(audio.content)
    cut = 0
    with CutLine(sshd.port) as line:
        feed = open_feed(address_of(sshd, folder, line.port))
        for size in range(0, newer.size + KIB_64, KIB_64):
            line.cut_after(size)
            error = refused(sending(feed, newer), newer)
            assert (error.code, error.permanent) == ("connection-lost", False)
            assert (folder / audio.name).read_bytes() == audio.content
            assert len(list(folder.iterdir())) <= 2  # never more than one left over
            cut += 1
        assert deliver(feed, newer).verdict == "present"
    assert cut == 24
    assert [path.name for path in folder.iterdir()] == [audio.name]


@pytest.mark.slow
def test_cut_off_anywhere_in_the_last_kilobytes_the_name_holds_one_whole_version(
    sshd: SshSite, folder: Path, audio: Audio, newer: Audio
) -> None:
    """There the flush, the rename and the leave-taking are: the answer may be lost, the file never half."""
    with CutLine(sshd.port) as line:
        feed = open_feed(address_of(sshd, folder, line.port))
        deliver(feed, audio)
        before = line.carried
        send(feed, audio)
        whole = line.carried - before
        for size in range(whole - 1500, whole + 100, 80):
            line.cut_after(size)
            versions = {audio.content, newer.content}
            with suppress(PassingFeedError):  # cut before the answer to the rename, or after
                send(feed, newer)
            assert (folder / audio.name).read_bytes() in versions
            line.cut_after(1 << 40)
            deliver(feed, audio)


def test_a_silent_line_is_given_up(sshd: SshSite, folder: Path, audio: Audio) -> None:
    for size in (0, 3000, 700_000):
        with CutLine(sshd.port) as line:
            line.fall_silent_after(size)
            error = refused(sending(open_feed(address_of(sshd, folder, line.port), IMPATIENT), audio), audio)
            assert error.permanent is False
            assert error.code in {"timeout", "connection-lost"}
    assert not (folder / audio.name).exists()


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-Silence\r\n"])
def test_a_server_that_says_nothing_is_given_up(sshd: SshSite, audio: Audio, greeting: bytes) -> None:
    with silent_server(greeting) as port:
        error = refused(sending(open_feed(address_of(sshd, "in", port), IMPATIENT), audio), audio)
    assert (error.code, error.permanent) == ("timeout", False)


def test_a_server_that_speaks_something_else_passes(sshd: SshSite, audio: Audio) -> None:
    with silent_server(b"220 FTP server ready\r\n" * 2000) as port:
        error = refused(sending(open_feed(address_of(sshd, "in", port), IMPATIENT), audio), audio)
    assert (error.code, error.permanent) == ("connection-lost", False)


def test_a_site_that_is_down_or_unknown_passes(site: Site, sshd: SshSite, audio: Audio) -> None:
    with silent_server() as port:
        pass
    down = open_feed(address_of(sshd, "in", port))
    assert refused(sending(down, audio)).code == "unreachable"
    unknown = site.feed(address="sftp://station@no-such-host.invalid/in")
    assert refused(sending(unknown, audio)).code == "host-unknown"


def test_an_attempt_as_a_whole_is_bounded(sshd: SshSite, audio: Audio) -> None:
    with silent_server() as port:
        feed = open_feed(address_of(sshd, "in", port), Limits(send_s=0.2))
        assert refused(sending(feed, audio)).code == "timeout"


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
    if os.geteuid() != 0:
        pytest.skip("only root can make files of somebody else")
    (site.folder / audio.name).write_bytes(audio.content)
    (site.folder / audio.name).chmod(0o600)  # root's
    seen = look(site.feed(), audio)
    assert (seen.verdict, seen.facts) == ("unknown", {"refused": "reading"})


def test_a_full_disk_keeps_the_older_version_and_is_tried_again(sshd: SshSite, audio: Audio) -> None:
    with open_place() as place, mounted(place / "small", "1m") as small:
        small.chmod(0o777)
        (small / audio.name).write_bytes(b"the version before")
        error = refused(sending(open_feed(address_of(sshd, small)), audio), audio)
        assert (error.code, error.permanent) == ("disk-full", False)
        assert [path.name for path in small.iterdir()] == [audio.name]
        assert (small / audio.name).read_bytes() == b"the version before"


def test_a_planted_link_is_not_followed(site: Site, audio: Audio) -> None:
    victim = site.folder.parent / "victim"
    victim.write_text("untouched")
    victim.chmod(0o666)
    (site.folder / f".{audio.name}.part").symlink_to(victim)
    (site.folder / audio.name).symlink_to(victim)
    assert look(site.feed(), audio).verdict == "different"
    assert deliver(site.feed(), audio).verdict == "present"
    assert victim.read_text() == "untouched"
    assert not (site.folder / audio.name).is_symlink()


def test_a_server_without_extensions_gets_the_older_way_and_the_receipt_says_so(
    peer: Callable[[str], Path], folder: Path, audio: Audio, newer: Audio
) -> None:
    denied = "posix-rename,fsync,statvfs,limits"
    with open_place() as place, openssh(place, find_sshd(peer), denied=denied) as server:
        feed = open_feed(address_of(server, folder))
        ways = []
        for version in (audio, newer):
            facts = send(feed, version).facts
            ways.append((facts["switched"], facts["flushed"]))
            assert look(feed, version).verdict == "present"
    assert ways == [("rename", "unknown"), ("removed the older, then renamed", "unknown")]
    assert [path.name for path in folder.iterdir()] == [audio.name]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("size too large", "lost-after-upload"),
        ("loses a block", "lost-after-upload"),
        ("loses the file", "lost-after-upload"),
        ("over quota", "storage-error"),
        ("hangs at the end", "timeout"),
    ],
)
def test_a_server_that_lies_loses_or_hangs_is_found_out(
    tmp_path: Path, folder: Path, audio: Audio, password: str, fault: str, code: str
) -> None:
    with faulty_ssh(tmp_path, folder, fault) as server:
        feed = open_feed(replace(address_of(server, ""), credential=password), IMPATIENT)
        error = failed_delivery(feed, audio)
        assert (error.code, error.permanent) == (code, False)


def failed_delivery(feed: FileFeed, audio: Audio) -> PassingFeedError:
    with pytest.raises(PassingFeedError) as caught:
        deliver(feed, audio)
    return caught.value


def test_forty_hanging_sites_hold_up_nobody(site: Site, sshd: SshSite, audio: Audio, newer: Audio) -> None:
    async def night(port: int) -> list[Any]:
        dead = open_feed(address_of(sshd, "in", port), Limits(quiet_s=30, send_s=3))
        many = [sending(dead, audio, f"{number}.mp3") for number in range(40)]
        alive = asyncio.create_task(sending(site.feed(), newer))
        hanging = asyncio.gather(*many, return_exceptions=True)
        await alive
        assert not hanging.done()  # they still wait, and nobody waited for them
        return await hanging

    with silent_server() as port:
        errors = run(night(port))
    assert {error.code for error in errors} == {"timeout"}
    assert site.names() == [newer.name]


def test_what_we_wrote_is_what_the_plain_client_reads(
    site: Site, sshd: SshSite, tmp_path: Path, peer: Callable[[str], Path]
) -> None:
    hour = make_audio(tmp_path, seed=5, size=20_000_001)
    send(site.feed(), hour)
    fetched = tmp_path / "fetched"
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    command = [
        str(peer("sftp")), "-q", "-F", "none", "-i", str(sshd.key), "-P", str(sshd.port), "-o", f"UserKnownHostsFile={known}",
        f"{USER}@127.0.0.1:{site.folder}/{hour.name}", str(fetched),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    assert fetched.read_bytes() == hour.content
