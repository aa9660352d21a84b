"""Servers that tests talk to: real ones where they are installed, stand-ins where a fault is wanted."""
