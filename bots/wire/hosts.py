"""What an address to listen on, or to connect to, tells by itself."""

import socket
from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, where nobody else can reach it. Of names only localhost is."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def family_of(host: str) -> socket.AddressFamily:
    """Tell whether an address to listen on is of IPv6: the socket does not find out by itself."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET
