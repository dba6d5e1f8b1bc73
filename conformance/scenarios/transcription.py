"""Dictation."""

from base64 import b64encode

from build import refused, request, scenario


def dictated(mime_type, data):
    return request("input.transcribe", mime_type=mime_type, audio_base64=b64encode(data).decode())


SCENARIOS = [
    scenario("transcription: the bytes arrive decoded", dictated("audio/webm", bytes(range(256)))),
    scenario(
        "transcription: parameters of the media type are cut off",
        dictated("audio/webm;codecs=opus", b"12345"),
    ),
    scenario("transcription: each format", dictated("audio/mp4", b"1"), dictated("audio/ogg", b"12")),
    scenario("transcription: no audio", dictated("audio/ogg", b"")),
    scenario(
        "transcription: audio that is not base64",
        refused(422, request("input.transcribe", mime_type="audio/webm", audio_base64="abcde")),
    ),
    scenario(
        "transcription: without a media type", refused(422, request("input.transcribe", audio_base64=""))
    ),
]
