-- The role the product runs as. It owns nothing: it may read and write rows, but not change, truncate
-- or drop a table, nor take a trigger off one. Run by the owner of the database, before the
-- migrations; safe to run again. The password comes in the setting loyalty.app_password.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loyalty_app') THEN
        CREATE ROLE loyalty_app LOGIN;
    END IF;
    EXECUTE format(
        'ALTER ROLE loyalty_app LOGIN PASSWORD %L', current_setting('loyalty.app_password')
    );
END $$;

-- A till must not hang behind a lock, nor a page behind a query; migrations, as the owner, may wait.
-- Work that takes long, such as an import, raises its own limit.
ALTER ROLE loyalty_app SET lock_timeout = '4s';
ALTER ROLE loyalty_app SET statement_timeout = '30s';
-- What the product prepares, and the statements inside its functions, find a few rows by an index
-- whatever the values are; without this, those that take an array are planned anew at every call.
ALTER ROLE loyalty_app SET plan_cache_mode = 'force_generic_plan';

GRANT USAGE ON SCHEMA public TO loyalty_app;

-- For what the owner will create; a migration that takes a right away again keeps its word, because
-- nothing here touches tables that exist.
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO loyalty_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO loyalty_app;
-- Some functions write with the owner's rights, and PostgreSQL opens new ones to every role of the server.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO loyalty_app;
