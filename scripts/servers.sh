#!/usr/bin/env bash
# Installs the real servers that the tests drive. Nothing is started: the tests start their own, on loopback.
set -euo pipefail

packages=()
need() { command -v "$1" >/dev/null || [ -x "$1" ] || packages+=("${@:2}"); }
need /usr/sbin/dovecot dovecot-core dovecot-imapd dovecot-lmtpd
[ -e /usr/lib/dovecot/imap ] || packages+=(dovecot-imapd)
[ -e /usr/lib/dovecot/lmtp ] || packages+=(dovecot-lmtpd)
need /usr/sbin/postfix postfix
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages+=(postgresql)
need chromium chromium fonts-dejavu-core
need /usr/sbin/clamd clamav-daemon

need systemd-analyze systemd
need node nodejs
need npm npm

# The OpenID provider, from its own lock file; nothing of it runs while it is installed.
provider() {
    local here="$(dirname "$0")/../tests/servers/oidc"
    command -v npm >/dev/null || return 0
    [ -d "$here/node_modules/oidc-provider" ] || (cd "$here" && npm ci --ignore-scripts --silent)
}

if [ ${#packages[@]} -eq 0 ]; then
    provider
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not tested here, since these Debian packages are missing: ${packages[*]}"
    echo "Get them with: sudo apt-get install ${packages[*]}"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
# The packages must not start services of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
provider
