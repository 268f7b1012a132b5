-- Gives one service its schema and its three roles, as deploy/local/service_database.py does it on one machine.
-- Idempotent: run it again to set changed passwords.
--   psql --set service=intake --file roles.sql      with SECRETS naming the folder of the password files
\set ON_ERROR_STOP on
\set owner :service _owner
\set user :service _service
\set auditor :service _auditor
\set owner_password `cat "$SECRETS"/:'owner'_password`
\set user_password `cat "$SECRETS"/:'user'_password`
\set auditor_password `cat "$SECRETS"/:'auditor'_password`

SELECT :'owner_password' <> '' AND :'user_password' <> '' AND :'auditor_password' <> '' AS passwords_given \gset
\if :passwords_given
\else
    \warn 'a password file of' :service 'is missing or empty'
    SELECT 1 / 0;
\endif

SELECT format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE', role)
FROM unnest(ARRAY[:'owner', :'user', :'auditor']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

BEGIN;
ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
ALTER ROLE :"user" LOGIN PASSWORD :'user_password';
ALTER ROLE :"auditor" LOGIN PASSWORD :'auditor_password';

CREATE SCHEMA IF NOT EXISTS :"service" AUTHORIZATION :"owner";
ALTER SCHEMA :"service" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA :"service" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"owner", :"user", :"auditor";
GRANT USAGE ON SCHEMA :"service" TO :"user", :"auditor";
ALTER ROLE :"owner" IN DATABASE :"DBNAME" SET search_path = :"service";
ALTER ROLE :"user" IN DATABASE :"DBNAME" SET search_path = :"service";
ALTER ROLE :"auditor" IN DATABASE :"DBNAME" SET search_path = :"service";
COMMIT;
