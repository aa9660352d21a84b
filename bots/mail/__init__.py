"""MIME <-> our nouns; shared by every channel that carries mail."""
