"""Stand-ins for services, one module a channel."""
