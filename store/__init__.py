"""What is kept: tables, repositories and migrations on SQLite and PostgreSQL."""
