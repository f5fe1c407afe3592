"""The database: tables, migrations and the repositories that the services are handed; nobody else knows SQLAlchemy."""
