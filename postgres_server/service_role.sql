-- Makes the role that Warmline's services use in a PostgreSQL of Warmline's own: it owns the schema `warmline`, and may
-- make that schema and temporary tables; it is no superuser. What an installation of before has there becomes its own.
--
-- For the superuser, in Warmline's database. Doing it again changes nothing but the password. It reads two settings:
-- warmline_role.password (blank: nothing is done), and warmline_role.source_schema, of views in this database, if any.
DO $$
DECLARE
    wanted_password text := coalesce(current_setting('warmline_role.password', true), '');
    views regnamespace := to_regnamespace(quote_ident(nullif(current_setting('warmline_role.source_schema', true), '')));
    relation regclass;
BEGIN
    IF wanted_password = '' THEN
        RAISE NOTICE 'no password for the role warmline_app: the services go on with the role %, a superuser', current_user;
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'warmline_app') THEN
        CREATE ROLE warmline_app;
    END IF;
    EXECUTE format(
        'ALTER ROLE warmline_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
        wanted_password
    );
    EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO warmline_app', current_database());

    IF to_regnamespace('warmline') IS NOT NULL THEN
        ALTER SCHEMA warmline OWNER TO warmline_app;
        FOR relation IN
            SELECT c.oid FROM pg_class c
            WHERE c.relnamespace = 'warmline'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
              AND c.relowner <> 'warmline_app'::regrole
              -- A column's own sequence goes with its table.
              AND NOT EXISTS (
                  SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
              )
        LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO warmline_app', relation);
        END LOOP;
    END IF;

    IF views IS NOT NULL THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %s TO warmline_app', views);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %s TO warmline_app', views);
    END IF;
END
$$;
