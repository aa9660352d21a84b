"""A real OpenID provider on loopback: the certified `oidc-provider`, run by Node (scripts/servers.sh)."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bots.web.oidc import ProviderFacts
from tests.servers.postfix import free_port

FOLDER = Path(__file__).parent / "oidc"
NODE = shutil.which("node") or shutil.which("nodejs")
IS_HERE = NODE is not None and (FOLDER / "node_modules" / "oidc-provider").is_dir()
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "anna": {
        "name": "Anna Ek",
        "preferred_username": "Anna.Ek@example.se",
        "email": "anna.ek@example.se",
        "email_verified": True,
        "groups": ["grupp-ombud"],
    },
    "vera": {"name": "Vera Lund", "preferred_username": "vera.lund@example.se", "groups": ["grupp-alla"]},
    "olle": {"name": "Olle Okänd", "preferred_username": "olle@example.se", "groups": ["grupp-annan"]},
}


@contextmanager
def provider(public_url: str) -> Iterator[ProviderFacts]:
    """Run the provider for pages at an address, and give what they must know of it."""
    assert NODE is not None
    port = free_port()
    facts = ProviderFacts(
        issuer=f"http://127.0.0.1:{port}",
        client_id="synpunkt",
        client_secret="en hemlighet som bara finns i testerna",
        public_url=public_url,
    )
    told = {
        "issuer": facts.issuer,
        "port": port,
        "client_id": facts.client_id,
        "client_secret": facts.client_secret,
        "public_url": public_url,
        "people": PEOPLE,
    }
    with subprocess.Popen(
        [NODE, "server.mjs", json.dumps(told)],
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            assert any("listening" in line for line in lines), "the provider did not start"
            yield facts
        finally:
            process.terminate()
            process.wait(10)
