"""A real Dovecot in a folder of its own: IMAP and LMTP on free ports, thrown away afterwards."""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

PASSWORD = "blåbär-och-åska"
# As root Dovecot gives each mailbox to nobody; started by anyone else, it stays who it is.
_NOBODY = 65534
_CONFIG = """\
base_dir = {root}/run
state_dir = {root}/state
instance_name = synpunkt-{imap_port}
listen = 127.0.0.1
protocols = imap lmtp
log_path = {root}/dovecot.log
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
verbose_proctitle = yes
mail_location = maildir:{root}/mail/%u
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Skräp {{
    special_use = \\Junk
    auto = create
  }}
  mailbox Behandlat {{
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@dataclass(kw_only=True)
class Dovecot:
    """A mail server with any number of mailboxes, which all have the same password."""

    root: Path
    tls: bool
    password: str = PASSWORD
    mechanisms: str = "plain login xoauth2"
    imap_port: int = field(default_factory=lambda: free_port())
    imaps_port: int = field(default_factory=lambda: free_port())
    lmtp_port: int = field(default_factory=lambda: free_port())
    authority: trustme.CA = field(default_factory=trustme.CA)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._prepare()
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.root / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 15
        while not (_answers(self.imap_port) and _answers(self.lmtp_port)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("Dovecot did not start:\n" + self.log()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server and everyone it talks with."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=5)
        # An imap process in IDLE may live on for ten seconds without its master.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process = None

    def deliver(self, recipient: str, *mails: bytes, sender: str = "kim@example.org") -> None:
        """Hand over mails by LMTP, as a mail server in front would."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=10) as lmtp:
            for mail in mails:
                lmtp.sendmail(sender, [recipient], mail)

    def drop(self, mailbox: str, mails: Sequence[bytes], *, folder: str = "") -> None:
        """Put mails straight into a folder on disk: thousands in a second."""
        place = self.maildir(mailbox, folder)
        for part in ("cur", "new", "tmp"):
            (place / part).mkdir(parents=True, exist_ok=True)
        taken = len(list((place / "cur").iterdir()))
        for number, mail in enumerate(mails, start=taken):
            name = f"1763800000.M{number:08d}P1.test,S={len(mail)}:2,"
            (place / "cur" / name).write_bytes(mail)
        self._give_away(self.root / "mail")

    def maildir(self, mailbox: str, folder: str = "") -> Path:
        """Return where a folder lies on disk; the folder's name is in modified UTF-7."""
        return self.root / "mail" / mailbox / (f".{folder}" if folder else "")

    def new_uidvalidity(self, mailbox: str) -> None:
        """Let the server forget which message had which UID."""
        place = self.maildir(mailbox)
        for path in place.glob("dovecot*"):
            path.unlink()
        later = int(time.time()) + 1000
        (place / "dovecot-uidlist").write_text(f"3 V{later} N1\n")
        self._give_away(place)

    def idlers(self, mailbox: str) -> int:
        """Count the connections to a mailbox that wait in IDLE, by the titles of Dovecot's processes."""
        titles = [_title(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        return sum("/imap [" in title and mailbox in title and " IDLE" in title for title in titles)

    def log(self) -> str:
        """Return what the server has written in its log."""
        path = self.root / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _prepare(self) -> None:
        root_user = os.geteuid() == 0
        uid = _NOBODY if root_user else os.geteuid()
        gid = _NOBODY if root_user else os.getegid()
        for name in ("run", "state", "mail"):
            (self.root / name).mkdir(exist_ok=True)
        self._give_away(self.root / "mail")
        config = _CONFIG.format(
            root=self.root,
            imap_port=self.imap_port,
            imaps_port=self.imaps_port if self.tls else 0,
            lmtp_port=self.lmtp_port,
            mechanisms=self.mechanisms,
            password=self.password,
            uid=uid,
            gid=gid,
            user=pwd.getpwuid(uid).pw_name,
            group=grp.getgrgid(gid).gr_name,
        )
        (self.root / "dovecot.conf").write_text(config + self._tls_config(), encoding="utf-8")

    def _tls_config(self) -> str:
        if not self.tls:
            return "ssl = no\n"
        certificate = self.root / "certificate.pem"
        if not certificate.exists():
            issued = self.authority.issue_cert("127.0.0.1", "localhost")
            issued.private_key_and_cert_chain_pem.write_to_path(certificate)
        return f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{certificate}\n"

    def _give_away(self, place: Path) -> None:
        if os.geteuid() == 0:
            for path in (place, *place.rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)


@contextlib.contextmanager
def dovecot(*, tls: bool = False, mechanisms: str = "plain login xoauth2") -> Iterator[Dovecot]:
    """Run a Dovecot for as long as the block lasts; skip the test where none is installed."""
    if shutil.which("dovecot") is None:
        pytest.skip("dovecot is not installed (apt: dovecot-core dovecot-imapd dovecot-lmtpd)")
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("2.3."):
        pytest.skip(f"the configuration is written for Dovecot 2.3, not {version.split()[0]}")
    # Not pytest's tmp_path: its names are too long for Unix sockets and closed to other users.
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    root.chmod(0o755)
    server = Dovecot(root=root, tls=tls, mechanisms=mechanisms)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def free_port() -> int:
    """Find a port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _title(path: Path) -> str:
    # Processes come and go while we look.
    with contextlib.suppress(OSError):
        return path.read_bytes().decode(errors="replace")
    return ""


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.settimeout(2)
            return bool(connection.recv(1))
    except OSError:
        return False
