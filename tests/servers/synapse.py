"""A real Synapse on loopback: a Matrix server in a folder of its own, thrown away afterwards.

It is installed in an environment of its own (`make synapse`), since it wants other packages than we do.
"""

import base64
import contextlib
import hashlib
import hmac
import itertools
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.servers.dovecot import free_port
from tests.servers.product import folder

DOMAIN = "matrix.lillkommun.example"
_PYTHON = Path(__file__).parents[2] / ".venv-synapse" / "bin" / "python"
_PATIENCE = 120.0
_SECRET = "for-registering-in-tests"
_FREELY = {"per_second": 100_000, "burst_count": 100_000}
_LOG = """\
version: 1
formatters: {plain: {format: "%(levelname)s %(name)s %(message)s"}}
handlers: {file: {class: logging.StreamHandler, formatter: plain}}
root: {level: WARNING, handlers: [file]}
"""

Json = dict[str, Any]


def why_not() -> str:
    """Say why there can be no Synapse on this machine, or return an empty text."""
    return "" if _PYTHON.exists() else "Synapse is not installed (make synapse)"


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody with an account, and what proves it."""

    id: str
    token: str
    password: str


@dataclass(kw_only=True)
class Synapse:
    """One server without federation. Its users cost next to nothing, and each test makes its own."""

    place: Path
    port: int = field(default_factory=free_port)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _process: subprocess.Popen[bytes] | None = None
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        config = self.place / "homeserver.yaml"
        (self.place / "log.yaml").write_text(_LOG, encoding="utf-8")
        config.write_text(json.dumps(self._config()), encoding="utf-8")  # JSON is YAML
        program = [str(_PYTHON), "-m", "synapse.app.homeserver", "-c", str(config)]
        with (self.place / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                program,
                cwd=self.place,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError("Synapse did not start:\n" + self.log()[-3000:])
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server."""
        self._http.close()
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=5)
        self._process = None

    def log(self) -> str:
        """Return what the server has written in its log."""
        return (self.place / "output.log").read_text(errors="replace")

    def user(self, name: str, *, shown: str = "") -> User:
        """Register somebody whose name begins so, and is nobody else's."""
        name = f"{name}-{next(self._numbers)}"
        password = f"hemlighet-for-tester-{name}"
        path = "/_synapse/admin/v1/register"
        nonce = self.ask("GET", path)["nonce"]
        proved = "\0".join([nonce, name, password, "notadmin"]).encode()
        told = self.ask(
            "POST",
            path,
            nonce=nonce,
            username=name,
            password=password,
            displayname=shown or name,
            admin=False,
            mac=hmac.new(_SECRET.encode(), proved, hashlib.sha1).hexdigest(),
        )
        return User(id=told["user_id"], token=told["access_token"], password=password)

    def ask(self, method: str, path: str, *, by: User | None = None, **told: Any) -> Json:
        """Ask as somebody; raise `httpx.HTTPStatusError` when it is refused."""
        headers = {"Authorization": f"Bearer {by.token}"} if by else {}
        answer = self._http.request(method, path, headers=headers, json=told if method != "GET" else None)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def room(self, by: User, *invited: User, is_direct: bool = True, **more: Any) -> str:
        """Make a room and invite to it; return its id."""
        return str(
            self.ask(
                "POST",
                "/_matrix/client/v3/createRoom",
                by=by,
                preset="trusted_private_chat",
                invite=[one.id for one in invited],
                is_direct=is_direct,
                **more,
            )["room_id"]
        )

    def tell(self, by: User, room: str, kind: str = "m.room.message", **content: Any) -> str:
        """Put an event of any kind in a room; return its id."""
        path = f"{_room(room)}/send/{kind}/t{next(self._numbers)}"
        return str(self.ask("PUT", path, by=by, **content)["event_id"])

    def state(self, by: User, room: str, kind: str, **content: Any) -> None:
        """Set something about a room."""
        self.ask("PUT", f"{_room(room)}/state/{kind}/", by=by, **content)

    def redact(self, by: User, room: str, event: str) -> str:
        """Remove what stands in a room; return the id of the event that does."""
        path = f"{_room(room)}/redact/{quote(event)}/t{next(self._numbers)}"
        return str(self.ask("PUT", path, by=by)["event_id"])

    def act(self, by: User, room: str, what: str, **more: Any) -> None:
        """Do something with a room: `join`, `leave`, `invite` and the like."""
        self.ask("POST", f"{_room(room)}/{what}", by=by, **more)

    def upload(self, by: User, data: bytes, media_type: str) -> str:
        """Lay a file on the server; return its mxc address."""
        answer = self._http.post(
            "/_matrix/media/v3/upload",
            headers={"Authorization": f"Bearer {by.token}", "Content-Type": media_type},
            content=data,
        )
        answer.raise_for_status()
        return str(answer.json()["content_uri"])

    def events(self, by: User, room: str) -> list[Json]:
        """List everything that stands in a room, oldest first."""
        found: list[Json] = self.ask("GET", f"{_room(room)}/messages?dir=f&limit=1000", by=by)["chunk"]
        return found

    def members(self, by: User, room: str) -> set[str]:
        """List who is in a room."""
        return set(self.ask("GET", f"{_room(room)}/joined_members", by=by)["joined"])

    def _answers(self) -> bool:
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False

    def _config(self) -> Json:
        place = self.place
        return {
            "server_name": DOMAIN,
            "report_stats": False,
            "signing_key_path": str(place / "signing.key"),
            "log_config": str(place / "log.yaml"),
            "media_store_path": str(place / "media"),
            "registration_shared_secret": _SECRET,
            "macaroon_secret_key": "for-tests-only",
            "form_secret": "for-tests-only",
            "listeners": [
                {
                    "port": self.port,
                    "type": "http",
                    "bind_addresses": ["127.0.0.1"],
                    "resources": [{"names": ["client", "media"]}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": str(place / "homeserver.db")}},
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "presence": {"enabled": False},
            "push": {"enabled": False},
            "user_directory": {"enabled": False},
            "bcrypt_rounds": 4,
            "max_upload_size": "30M",
            "rc_message": _FREELY,
            "rc_registration": _FREELY,
            "rc_login": {"address": _FREELY, "account": _FREELY, "failed_attempts": _FREELY},
            "rc_joins": {"local": _FREELY, "remote": _FREELY},
            "rc_joins_per_room": _FREELY,
            "rc_room_creation": _FREELY,
            "rc_invites": {"per_room": _FREELY, "per_user": _FREELY, "per_issuer": _FREELY},
            "rc_media_create": _FREELY,
        }


def shared() -> Synapse:
    """Return the one server of this process, started the first time; `stop_shared` ends it."""
    if not _SHARED:
        stack = contextlib.ExitStack()
        place = stack.enter_context(folder(in_memory=True))
        _make_key(place)
        server = Synapse(place=place)
        stack.callback(server.stop)
        _SHARED.append((server, stack))
        try:
            server.start()
        except BaseException:
            stop_shared()
            raise
    return _SHARED[0][0]


def stop_shared() -> None:
    """Stop the one server, if it was started."""
    while _SHARED:
        _SHARED.pop()[1].close()


def _make_key(place: Path) -> None:
    # As `signedjson` writes it: algorithm, version, seed in base64 without its end.
    seed = hashlib.sha256(b"a key that signs nothing outside these tests").digest()
    (place / "signing.key").write_text(f"ed25519 a_1 {base64.b64encode(seed).decode().rstrip('=')}\n")


def _room(room: str) -> str:
    return f"/_matrix/client/v3/rooms/{quote(room)}"


_SHARED: list[tuple[Synapse, contextlib.ExitStack]] = []
