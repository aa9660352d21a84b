"""Journeys: a message on its whole way, through real servers on loopback."""
