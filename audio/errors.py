"""What can go wrong with sound, in words that a radio producer understands.

Every class has a stable `code` (it becomes the type of a problem document) and a `message`; what is particular to
one case is given as `detail` and follows the message. Instances survive pickling, because they cross processes.
"""

from __future__ import annotations

from typing import ClassVar


class AudioError(Exception):
    """Root of everything that this package raises on purpose."""

    code: ClassVar[str] = "audio-error"
    message: ClassVar[str] = "Something went wrong with the audio."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.detail}".rstrip()


class EmptyFile(AudioError):
    code = "empty-file"
    message = "The file is empty: nothing arrived, or the recorder saved nothing. Send it again."


class NotAudio(AudioError):
    code = "not-audio"
    message = (
        "This is not a sound file that we can read, whatever its name says. Export it as WAV, FLAC or MP3."
    )


class NoSoundTrack(AudioError):
    code = "no-sound-track"
    message = "The video has pictures but no sound track."


class ForbiddenFormat(AudioError):
    code = "forbidden-format"
    message = "The file holds no sound itself: it is a list that points to other files. Send the recording, not the list."


class Truncated(AudioError):
    code = "truncated-file"
    message = "The end of the file is missing, and it cannot be played without it. Copy or upload it again."


class OnlySilence(AudioError):
    code = "only-silence"
    message = "There is no sound in the recording: check the microphone or the export, and send it again."


class TooLong(AudioError):
    code = "too-long"
    message = "The recording is longer than is allowed."


class TooShort(AudioError):
    code = "too-short"
    message = "The recording is too short to be broadcast."


class BadEdits(AudioError):
    code = "bad-edits"
    message = "These edits cannot be made of this recording."


class IngestTimeout(AudioError):
    code = "ingest-timeout"
    message = (
        "Reading the recording took too long and was stopped. Export it as WAV or FLAC and send it again."
    )


class FfmpegMissing(AudioError):
    code = "ffmpeg-missing"
    message = "No usable ffmpeg was found in the settings, on the PATH or in the imageio-ffmpeg package."


class EspeakMissing(AudioError):
    code = "espeak-missing"
    message = "No usable espeak-ng was found in the settings or on the PATH, and the voice pack lacks what is to be said."


class SpeechFailed(AudioError):
    code = "speech-failed"
    message = "The announcement could not be spoken."


class EncodeFailed(AudioError):
    code = "encode-failed"
    message = "The programme could not be processed or encoded."


class ArtefactBroken(AudioError):
    code = "artefact-broken"
    message = "The finished programme was decoded again and is not what it should be; it was not released."
