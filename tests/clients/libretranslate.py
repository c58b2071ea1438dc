"""LibreTranslate's own client asks a server: its address and token are the arguments. Prints answers as JSON."""

import json
import sys
from urllib.error import HTTPError

from libretranslatepy import LibreTranslateAPI

address, token = sys.argv[1:]
client = LibreTranslateAPI(address, api_key=token)
source, target = "en", "de"


def failure(client, ask):
    """The status and the body of an error."""
    try:
        ask(client)
    except HTTPError as error:
        return {"status": error.code, "error": json.loads(error.read())["error"]}
    raise SystemExit("this must fail")


answers = {
    "languages": client.languages(),
    "one": client.translate("the dog sees the house today .", source, target),
    "lines": client.translate("the dog sees the house today .\n\nthe cat hears a man .\n", source, target),
    "empty": client.translate(" ", source, target),
    "auto": client.translate("the dog sees the house today .", "auto", target),
    "unknown": failure(client, lambda client: client.translate("a", source, "fr")),
    "detect": failure(client, lambda client: client.detect("the dog")),
    "no_key": failure(LibreTranslateAPI(address), lambda client: client.translate("a", source, target)),
    "wrong_key": failure(LibreTranslateAPI(address, api_key="x"), lambda client: client.languages()),
}
json.dump(answers, sys.stdout)
