"""Packages for the archive and for a main diary, made of what the store keeps (rows B17, K7, K13).

`papers` tells which documents a case consists of, `erms`, `mets` and `premis` write the XML about them,
`package` puts all in one file, and `checks` holds it against schemas and requirements before anybody gets it.
"""
