"""One file per channel; none knows another."""
