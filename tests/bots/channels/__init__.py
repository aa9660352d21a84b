"""Tests of the channels, against real clients and servers on loopback."""
