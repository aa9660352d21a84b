"""A whole year on the movable clock: a real process, handlers who act at random, kill -9, and a judge."""
