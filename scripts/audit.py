"""Asks OSV whether something is known against what we lock: `python scripts/audit.py requirements-dev.lock`.

Status 1 for what is known and not in `advisories.toml`. Where OSV does not answer, it says so and goes on: a
machine without the internet must be able to check the rest.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

SERVICE = "https://api.osv.dev/v1/query"
ACCEPTED = Path(__file__).parent / "advisories.toml"
_PATIENCE = 5.0


def accepted(file: Path, today: date) -> list[str]:
    """Return the advisories that we live with; each has a reason, and a day after which it counts again.

    Raises `KeyError` for one without.
    """
    told = tomllib.loads(file.read_text(encoding="utf-8")).get("advisory", [])
    for one in told:
        if not one["reason"].strip():
            raise KeyError(f"{one['id']}: reason")
    return [one["id"] for one in told if one["until"] >= today]


def answers(service: str) -> bool:
    """Tell whether the service is there at all; any answer will do."""
    asked = Request(service, data=b"{}", headers={"Content-Type": "application/json"})  # noqa: S310 - see main
    try:
        with urlopen(asked, timeout=_PATIENCE):  # noqa: S310 - likewise
            return True
    except HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False


def known(lock: Path, service: str, ignored: list[str]) -> list[str] | None:
    """Return a line for each advisory; None if there came no answer that can be read."""
    words = ["-m", "pip_audit", "-r", str(lock), "--disable-pip", "--no-deps", "-f", "json", "-s", "osv"]
    words += ["--osv-url", service, "--progress-spinner", "off"]
    words += [word for one in ignored for word in ("--ignore-vuln", one)]
    told = subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True)  # noqa: S603 - ours
    try:
        found: dict[str, Any] = json.loads(told.stdout)
    except ValueError:
        print(told.stderr[-2000:], file=sys.stderr)
        return None
    return [
        f"{one['name']} {one['version']}: {what['id']} {', '.join(what['aliases'])} "
        f"(mended in {', '.join(what['fix_versions']) or 'no release yet'})"
        for one in found["dependencies"]
        for what in one.get("vulns", ())
    ]


def main() -> int:
    """Audit, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lock", type=Path)
    parser.add_argument("--service", default=SERVICE)
    parser.add_argument("--accepted", type=Path, default=ACCEPTED)
    chosen = parser.parse_args()
    host = urlsplit(chosen.service).netloc
    ignored = accepted(chosen.accepted, date.today())  # noqa: DTZ011 - a day sooner or later is no matter
    found = known(chosen.lock, chosen.service, ignored) if answers(chosen.service) else None
    if found is None:
        print(f"not audited: no answer from {host}")
        return 0
    for line in found:
        print(line)
    print(f"{chosen.lock.name}: {len(found)} known against it, {len(ignored)} accepted")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
