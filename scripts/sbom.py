"""Writes what the service is made of, as CycloneDX: `python scripts/sbom.py dist/synpunkt.cdx.json`.

From the lock file alone, so the same commit gives the same bytes; nothing is asked over the network. What is
vendored stands in docs/vendored.md.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def made(lock: Path) -> dict[str, Any]:
    """Return the list for a lock file: each package with version, name for advisories and sums."""
    words = ["-m", "cyclonedx_py", "requirements", str(lock), "--pyproject", str(ROOT / "pyproject.toml")]
    words += ["--output-reproducible", "--of", "JSON", "--no-validate"]
    told = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-W", "ignore", *words], check=True, capture_output=True, text=True
    ).stdout
    bom: dict[str, Any] = json.loads(told)
    bom["components"] = sorted((_plain(one) for one in bom["components"]), key=lambda one: one["purl"])
    for tool in bom["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    direct = direct_dependencies()
    refs = {one["bom-ref"]: one["name"] for one in bom["components"]}
    root = bom["metadata"]["component"]["bom-ref"]
    bom["dependencies"] = [
        {"ref": root, "dependsOn": sorted(ref for ref, name in refs.items() if name in direct)},
        *({"ref": ref} for ref in sorted(refs)),
    ]
    return bom


def direct_dependencies() -> set[str]:
    """Return the packages that pyproject.toml names for running."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {normal(re.split(r"[<>=!~\[; ]", one, maxsplit=1)[0]) for one in project["dependencies"]}


def normal(name: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _plain(component: dict[str, Any]) -> dict[str, Any]:
    """Leave out lines of our file and addresses of an index. Each sum is of one file that we may have."""
    sums = [one for told in component.get("externalReferences", ()) for one in told.get("hashes", ())]
    return {
        "type": component["type"],
        "bom-ref": component["purl"],
        "name": normal(component["name"]),
        "version": component["version"],
        "purl": component["purl"],
        "hashes": sums,
    }


def main() -> int:
    """Write the list where it is wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    chosen = parser.parse_args()
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    bom = made(chosen.lock)
    chosen.file.write_text(json.dumps(bom, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{chosen.file}: {len(bom['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
