"""The one event loop that targets run in."""

import asyncio

LOOP = asyncio.new_event_loop()
