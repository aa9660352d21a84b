"""A real Postfix in a folder of its own, on free ports: our mail comes to us by LMTP, the rest to `world`."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_DAEMONS = Path("/usr/lib/postfix/sbin")

# Each line: service, type, private, unprivileged, chroot, wakeup, most processes, command.
_MASTER = """\
127.0.0.1:{smtp_port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = mx.{domain}
mydomain = {domain}
mydestination =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
relayhost = [127.0.0.1]:{world_port}
disable_dns_lookups = yes
smtputf8_enable = yes
message_size_limit = 26214400
smtpd_forbid_bare_newline = yes
smtpd_forbid_bare_newline_exclusions =
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
transport_retry_time = 1s
lmtp_data_done_timeout = 10s
"""

_TLS = """\
smtpd_tls_chain_files = {chain}
smtpd_tls_security_level = may
smtp_tls_security_level = may
smtp_tls_CAfile = {root}
lmtp_tls_security_level = encrypt
lmtp_tls_CAfile = {root}
lmtp_tls_loglevel = 1
"""


def why_not() -> str:
    """Tell why Postfix cannot be run here, or nothing if it can."""
    if not (_DAEMONS / "master").exists():
        return "Postfix is not installed (apt-get install postfix)"
    if os.geteuid() != 0:
        return "Postfix needs root to start"
    return ""


def free_port() -> int:
    """Return a port that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(kw_only=True)
class Postfix:
    """One instance. Mail to `domain` goes to `lmtp_port`, all other mail to `world_port`.

    `tls` is a server chain with its key, and the authority that both sides believe in. LMTP is then encrypted
    or not at all, SMTP as the other side wishes.
    """

    lmtp_port: int
    world_port: int
    domain: str = "lillkommun.example"
    tls: tuple[Path, Path] | None = None
    settings: str = ""
    smtp_port: int = field(default_factory=free_port)
    folder: Path = field(init=False)

    def start(self) -> None:
        """Start, and return when it answers."""
        # Not in pytest's folders: Postfix's own user must get in, and socket names must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="pf"))
        self.folder.chmod(0o755)
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        facts = {**vars(self), "daemons": _DAEMONS}
        secrecy = "" if self.tls is None else _TLS.format(chain=self.tls[0], root=self.tls[1])
        (self.folder / "etc/main.cf").write_text(_MAIN.format(**facts) + secrecy + self.settings)
        (self.folder / "etc/master.cf").write_text(_MASTER.format(**facts))
        try:
            self._run("start")
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"Postfix did not start: {error.stderr.decode()}{self.log()}") from error

    def stop(self) -> None:
        """Stop this instance and remove all that it had."""
        try:
            self._run("stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """Return what it has logged."""
        log = self.folder / "mail.log"
        return log.read_text() if log.exists() else ""

    def _run(self, verb: str) -> None:
        command = ["postfix", "-c", str(self.folder / "etc"), verb]
        subprocess.run(command, check=True, capture_output=True, timeout=30)


@contextmanager
def running(postfix: Postfix) -> Iterator[Postfix]:
    """Let Postfix run for as long as the block lasts."""
    postfix.start()
    try:
        yield postfix
    finally:
        postfix.stop()
