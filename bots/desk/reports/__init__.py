"""The reports that policies ask for (requirements C4): `sheets` makes each, `sheet` writes it down."""
