"""OpenAI's own client asks a server: its address, token and a recording are the arguments. Prints answers as JSON."""

import json
import sys

from openai import APIStatusError, OpenAI

address, token, recording = sys.argv[1:]
client = OpenAI(base_url=f"{address}v1", api_key=token, max_retries=0)


def transcribe(**more):
    """The transcript of the recording."""
    with open(recording, "rb") as file:
        return client.audio.transcriptions.create(file=file, **{"model": "hear", **more})


def failure(ask):
    """The class, the status and the body of an error."""
    try:
        ask()
    except APIStatusError as error:
        return {"class": type(error).__name__, "status": error.status_code, "error": error.body}
    raise SystemExit("this must fail")


with open(recording, "rb") as file:
    translation = client.audio.translations.create(file=file, model="hear")
answers = {
    "models": [model.id for model in client.models.list()],
    "json": transcribe().text,
    "any": transcribe(model="whisper-1", language="en", prompt="a hint").text,
    "text": transcribe(response_format="text"),
    "srt": transcribe(response_format="srt"),
    "vtt": transcribe(response_format="vtt"),
    "verbose": transcribe(
        response_format="verbose_json", language="en", timestamp_granularities=["segment"]
    ).model_dump(),
    "sampled": transcribe(temperature=0.2).text,
    "chain": transcribe(model="hear+run").text,
    "translation": translation.text,
    "no_model": failure(lambda: transcribe(model="nobody")),
    "words": failure(lambda: transcribe(response_format="verbose_json", timestamp_granularities=["word"])),
    "no_sound": failure(lambda: client.audio.transcriptions.create(file=("a.wav", b"RIFF"), model="hear")),
    "no_token": failure(lambda: OpenAI(base_url=f"{address}v1", api_key="x", max_retries=0).models.list()),
    "nowhere": failure(lambda: client.embeddings.create(model="hear", input="a")),
}
json.dump(answers, sys.stdout)
