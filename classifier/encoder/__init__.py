"""The encoder in service: text to pieces, pieces to vectors, vectors into spaCy's documents."""
