"""Does what packaging/Containerfile says, without an engine for containers, and runs what came of it.

Run it by hand as root on Linux: `python -m tests.journeys.image`. This machine stands in for the base image:
each stage is a layer over its root in a mount namespace of its own, without our source, and nothing of it is
left behind. What was built is then run as in packaging/compose.yaml: as its own user, without any right,
on a root that nobody can write to, in a network of its own with nobody else in it.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.mails import citizen, synpunkt

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "packaging" / "Containerfile"
_STATE = "/var/lib/synpunkt"
_PATIENCE = 300.0
_US = "synpunkt@lillkommun.example"
_AGAIN = [sys.executable, "-m", "tests.journeys.image"]
_CONFIG = """\
[municipality]
name = "Lilla kommunen"
service_name = "Tyck till"
phone = "070-174 06 05"
phone_hours = "mån–fre 8–16"
privacy_url = "https://lillkommun.example/personuppgifter"

[store]
url = "sqlite:////var/lib/synpunkt/synpunkt.db"

[mail]
address = "{us}"
secret = "file:/run/secrets/mail-secret"

[channels.smtp]
host = "0.0.0.0"
recipients = ["{us}"]

[channels.relay]
host = "127.0.0.1"
port = {relay}
security = "none"

[web]
host = "0.0.0.0"
public_url = "https://synpunkt.lillkommun.example"
staff_password = "file:/run/secrets/staff-password"
session_secret = "file:/run/secrets/session-secret"

[triage]
registrator = "rita"

[[handlers]]
id = "rita"
name = "Rita Lund"
title = "registrator"
email = "rita@lillkommun.example"
"""


@dataclass
class Stage:
    """One FROM of a Containerfile, with what follows it: pairs of instruction and argument."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """Return the argument of the last such instruction; raise `KeyError` if there is none."""
        return dict(self.steps)[instruction]


def stages(written: str) -> list[Stage]:
    """Read a Containerfile: comments go, and lines that end with a backslash are joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", written))
    found: list[Stage] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        instruction, _, argument = line.partition(" ")
        if instruction == "FROM":
            found.append(Stage(argument.partition(" AS ")[2] or str(len(found))))
        elif found:
            found[-1].steps.append((instruction, argument.strip()))
    return found


@dataclass
class Layer:
    """A root over that of this machine: what is written goes to a folder of our own."""

    place: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"

    @property
    def root(self) -> Path:
        """Return where its root is."""
        return self.place / "root"

    def lay(self) -> None:
        """Mount it, without our source and with the machine's own Python where a user can reach it."""
        for name in ("up", "work", "root"):
            (self.place / name).mkdir(parents=True)
        options = f"lowerdir=/,upperdir={self.place / 'up'},workdir={self.place / 'work'}"
        _run("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        # Nothing of this machine that can be written to is in it: own processes, and a few devices made anew.
        _run("mount", "-t", "proc", "proc", str(self.root / "proc"))
        for hidden in (str(ROOT), "/tmp", "/dev"):
            _run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{self.root}{hidden}")
        for name, number in (("null", "3"), ("zero", "5"), ("random", "8"), ("urandom", "9")):
            _run("mknod", "-m", "666", str(self.root / "dev" / name), "c", "1", number)
        (self.root / "dev" / "shm").mkdir(mode=0o1777)
        (self.root / "dev" / "fd").symlink_to("/proc/self/fd")
        base = Path(sys.base_prefix)
        for folder in [*base.parents, base]:
            (self.root / folder.relative_to("/")).chmod(0o755)
        # The base image has neither our environment nor its variables.
        self.env = {"PATH": f"{base / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp"}
        self.env |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}

    def path(self, name: str) -> Path:
        """Return where a path of the layer is, from outside; a relative one begins in its WORKDIR."""
        return self.root / os.path.normpath(Path(self.workdir) / name).lstrip("/")

    def do(self, instruction: str, argument: str, others: dict[str, "Layer"]) -> None:
        """Do one step; raise `CalledProcessError` if it fails."""
        if instruction == "RUN":
            print(f"  RUN {argument[:90]}", flush=True)
            self.run(["/bin/sh", "-c", argument])
        elif instruction == "WORKDIR":
            self.workdir = argument
            self.path(".").mkdir(parents=True, exist_ok=True)
        elif instruction == "ENV":
            for word in shlex.split(argument):
                name, _, value = word.partition("=")
                self.env[name] = value.replace("$PATH", self.env["PATH"])
        elif instruction == "COPY":
            *sources, target = shlex.split(argument)
            if sources[0].startswith("--from="):
                other = others[sources.pop(0).removeprefix("--from=")]
                _run("cp", "-a", str(other.path(sources[0])), str(self.path(target)))
            else:
                _copy(sources, self.path(target))

    def run(self, command: list[str], *, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command in the layer, with its environment alone."""
        inside = 'cd "$0" && exec "$@"'
        words = ["chroot", str(self.root), *before, "/bin/sh", "-c", inside, self.workdir, *command]
        return subprocess.run(words, env=self.env, check=True, stdin=subprocess.DEVNULL, text=True)


def _copy(sources: list[str], target: Path) -> None:
    # Only what is committed: that is what somebody else would build from.
    target.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(
        ["git", "archive", "HEAD", "--", *sources], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    # As an engine does: of a folder what is in it, of files themselves.
    depth = 1 if (ROOT / sources[0]).is_dir() else 0
    unpack = ["tar", "-x", f"--strip-components={depth}", "-C", str(target)]
    subprocess.run(unpack, input=packed, check=True)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def build(place: Path) -> tuple[Layer, Stage]:
    """Do every step of every stage, and return the last with its layer."""
    layers: dict[str, Layer] = {}
    found = stages(CONTAINERFILE.read_text(encoding="utf-8"))
    for stage in found:
        layer = Layer(place / stage.name)
        layer.lay()
        began = time.monotonic()
        for instruction, argument in stage.steps:
            layer.do(instruction, argument, layers)
        layers[stage.name] = layer
        print(f"stage {stage.name}: {time.monotonic() - began:.0f} s", flush=True)
    return layers[found[-1].name], found[-1]


def close_in(layer: Layer, stage: Stage, *, relay: int) -> tuple[str, ...]:
    """Make the root read-only but the volume and /tmp, lay in settings and secrets; return who to be."""
    secrets = layer.root / "run" / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    for name in ("mail-secret", "staff-password", "session-secret"):
        (secrets / name).write_text("en hemlighet bara för prov, trettiotvå", encoding="utf-8")
    config = layer.root / "etc" / "synpunkt" / "config.toml"
    config.write_text(_CONFIG.format(us=_US, relay=relay), encoding="utf-8")
    volume = layer.place / "volume"
    # As an engine does with a new volume: it begins as the folder in the image is.
    _run("cp", "-a", str(layer.root / _STATE.lstrip("/")), str(volume))
    _run("mount", "--bind", str(volume), f"{layer.root}{_STATE}")
    _run("mount", "-o", "remount,noexec,nosuid,nodev", f"{layer.root}/tmp")
    _run("mount", "-o", "remount,ro", str(layer.root))
    user, _, group = stage.last("USER").partition(":")
    return (
        "setpriv",
        f"--reuid={user}",
        f"--regid={group}",
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all",
        "--inh-caps=-all",
    )


def prove(layer: Layer, stage: Stage) -> Iterator[str]:
    """Run what was built as its user, send it a mail, and tell what came of it; raise if it goes wrong."""
    with _relay() as relay:
        who = close_in(layer, stage, relay=relay)
        for folder in ("/opt/synpunkt", "/etc/synpunkt", "/usr", "/"):
            try:
                layer.run(["touch", f"{folder.rstrip('/')}/written"], before=who)
            except subprocess.CalledProcessError:
                yield f"nobody can write to {folder}"
            else:
                raise AssertionError(f"the service can write to {folder}")
        entry = json.loads(stage.last("ENTRYPOINT"))
        layer.run([*entry, "check", "--config", "/etc/synpunkt/config.toml"], before=who)
        yield "check: everything is well"
        words = ["chroot", str(layer.root), *who, *entry, *json.loads(stage.last("CMD"))]
        with subprocess.Popen(words, env=layer.env, stdin=subprocess.DEVNULL) as service:
            try:
                yield from _served(layer, stage, who, service)
            finally:
                service.terminate()
            yield f"after SIGTERM it ended with {service.wait(160)}"


def _served(
    layer: Layer, stage: Stage, who: tuple[str, ...], service: subprocess.Popen[bytes]
) -> Iterator[str]:
    began = time.monotonic()
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", 8025, timeout=5) as server:
                server.sendmail(citizen(1), [_US], synpunkt(1, to=_US))
            break
        except OSError:
            if service.poll() is not None or time.monotonic() > began + _PATIENCE:
                raise
            time.sleep(0.2)
    yield f"a mail was kept {time.monotonic() - began:.1f} s after the start"
    health = json.loads(stage.last("HEALTHCHECK").partition("CMD ")[2])
    layer.run(health, before=who)
    yield "the command of HEALTHCHECK says that it is well"
    with contextlib.closing(sqlite3.connect(layer.place / "volume" / "synpunkt.db")) as database:
        while not (sent := _sent(database)):
            if time.monotonic() > began + _PATIENCE:
                raise AssertionError("no receipt was sent")
            time.sleep(0.2)
    yield f"letters sent: {sent}"
    written = sorted(path.name for path in (layer.place / "volume").iterdir())
    yield f"in {_STATE}: {', '.join(written)}"


def _sent(database: sqlite3.Connection) -> int:
    (sent,) = database.execute("SELECT count(*) FROM letters WHERE state = 'skickat'").fetchone()
    return int(sent)


@contextlib.contextmanager
def _relay() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.serve", "nothing"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _inside() -> int:
    # Only this namespace sees what is mounted there, so that the folder itself stays empty. It is not emptied
    # by walking through it: that would lead into what is mounted.
    place = Path(tempfile.mkdtemp(prefix="synpunkt-image-"))
    try:
        _run("mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", str(place))
        layer, _ = build(place)
        # From here on there is no network: whatever would be fetched while it runs can not be.
        words = ["unshare", "--net", *_AGAIN, "--prove", str(layer.place)]
        env = {**os.environ, "LAYER": json.dumps(layer.env)}
        return subprocess.run(words, cwd=ROOT, env=env, check=False).returncode
    finally:
        _run("umount", "--recursive", "--lazy", str(place))
        place.rmdir()


def main(arguments: list[str] | None = None) -> None:
    """Build and run it once, in namespaces that end with us."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.image", description=__doc__)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--prove", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.prove:
        _run("ip", "link", "set", "lo", "up")
        stage = stages(CONTAINERFILE.read_text(encoding="utf-8"))[-1]
        layer = Layer(chosen.prove, env=json.loads(os.environ["LAYER"]), workdir=stage.last("WORKDIR"))
        for line in prove(layer, stage):
            print(line, flush=True)
    elif chosen.inside:
        sys.exit(_inside())
    else:
        words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *_AGAIN, "--inside"]
        sys.exit(subprocess.run(words, check=False).returncode)


if __name__ == "__main__":
    main()
