"""Everything that asks or tells the database, in domain values; no other package imports SQLAlchemy or SQLModel."""
