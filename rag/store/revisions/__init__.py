"""How alembic steps from schema to schema."""
