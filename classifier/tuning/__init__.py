"""Makes the encoder from its public weights and the corpus.

Needs the extra `tuning`; nothing here runs in service.
"""
