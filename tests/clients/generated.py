"""A client that openapi-python-client makes of the interface's description calls each of its operations.

The server's address, its token, a WAV file and the folder for the client are the arguments. Prints, as JSON, the status of
every operation, what was said where the client was made, and what names come of names that are given twice.
"""

import compileall
import importlib
import json
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

address, token, sound, folder = sys.argv[1:]
address = address.rstrip("/")
asked = Request(f"{address}/openapi.json", headers={"Authorization": f"Bearer {token}"})
description = Path(folder) / "openapi.json"
description.write_bytes(urlopen(asked).read())
package = Path(folder) / "generated"
command = ["-m", "openapi_python_client", "generate", "--meta", "none", "--overwrite", "--path", description]
made = subprocess.run(
    [sys.executable, *command, "--output-path", package],
    # What it calls behind itself, a formatter, stands beside Python.
    env={"PATH": str(Path(sys.executable).parent)},
    capture_output=True,
    text=True,
)
said = made.stdout + made.stderr
if made.returncode != 0 or not compileall.compile_dir(package, quiet=1):
    raise SystemExit(said)
sys.path.insert(0, folder)
generated = importlib.import_module("generated")
types = importlib.import_module("generated.types")
client = generated.AuthenticatedClient(base_url=address, token=token)

text = {"text": "the dog sees the house today ."}
target = {"text": "der hund sieht heute das haus ."}
recording = types.File(payload=open(sound, "rb"), file_name="given.wav", mime_type="audio/wav")
# What each operation is asked, by names where there are names.
QUERIES = {
    "vocabulary": {"run": "run", "task": "translate"},
    "samples": {"run": "hear", "task": "hear", "split": "test", "count": 2},
    "distance": {"run": 0, "field": "nothing"},
    "parameter": {"run": "run", "name": "nothing"},
    "assessments": {"run": "run", "count": 4},
    "training": {"run": "run"},
    "written": {"run": "run", "step": 1, "number": 0},
    "sweep": {"run": "run"},
}
BODIES = {
    "translate": {"run": "run", "task": "translate", "source": text, "decoding": {"beam": {"size": 2}}},
    "chain": {"chain": 0, "source": {"file": {"name": "given.wav", "content": "UklGRg=="}}},
    "score": {"source": text, "target": target},
    "next": {"source": text},
    "look": {"source": text},
    "beam": {"source": text, "size": 2},
    "attribution": {"source": text, "tokens": [], "position": 0, "token": 5, "method": "gradient"},
    "machine": {"source": text},
    "lens": {"source": text},
    "patching": {"source": text, "other": {"text": "the cat hears a man ."}, "position": 0, "token": 5, "stack": "encoder"},
    "neighbours": {"source": text, "stack": "encoder", "position": 1, "count": 3, "samples": 8},
    "libretranslate_translate": {"q": text["text"], "source": "en", "target": "de"},
    "openai_audio_transcriptions": {"file": recording, "model": "hear"},
    "openai_audio_translations": {"file": recording, "model": "hear"},
}

statuses = {}
for path in json.loads(description.read_text())["paths"].values():
    for operation in path.values():
        name = operation["operationId"]
        suffix = "_" if name == "next" else ""
        call = importlib.import_module(f"generated.api.default.{name}{suffix}")
        given = dict(QUERIES.get(name, {}))
        if "requestBody" in operation:
            annotation = call.sync_detailed.__annotations__["body"]
            kind = getattr(annotation, "__args__", [annotation])[0]
            body = BODIES[name]
            given["body"] = kind(**body) if "file" in body else kind.from_dict(body)
        answer = call.sync_detailed(client=client, **given)
        statuses[name] = [answer.status_code.value, type(answer.parsed).__name__]
json.dump({"said": said, "statuses": statuses}, sys.stdout)
