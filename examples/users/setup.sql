-- The extension, a server, and three roles, each with the keys of an IAM user of its own.
\getenv endpoint DYNAMODB_ENDPOINT
\getenv region DYNAMODB_REGION
\getenv registration_id REGISTRATION_ACCESS_KEY_ID
\getenv registration_secret REGISTRATION_SECRET_ACCESS_KEY
\getenv support_id SUPPORT_ACCESS_KEY_ID
\getenv support_secret SUPPORT_SECRET_ACCESS_KEY
\getenv reporting_id REPORTING_ACCESS_KEY_ID
\getenv reporting_secret REPORTING_SECRET_ACCESS_KEY
\getenv administrator_id KEY_ADMINISTRATOR_ACCESS_KEY_ID
\getenv administrator_secret KEY_ADMINISTRATOR_SECRET_ACCESS_KEY

CREATE EXTENSION IF NOT EXISTS dynamodb_kms_fdw;

-- With AWS itself there is no endpoint_url.
CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw
    OPTIONS (region :'region', endpoint_url :'endpoint');

CREATE ROLE registration;
CREATE ROLE support;
CREATE ROLE reporting;
GRANT USAGE ON FOREIGN SERVER aws TO registration, support, reporting;

CREATE USER MAPPING FOR registration SERVER aws
    OPTIONS (aws_access_key_id :'registration_id', aws_secret_access_key :'registration_secret');
CREATE USER MAPPING FOR support SERVER aws
    OPTIONS (aws_access_key_id :'support_id', aws_secret_access_key :'support_secret');
CREATE USER MAPPING FOR reporting SERVER aws
    OPTIONS (aws_access_key_id :'reporting_id', aws_secret_access_key :'reporting_secret');
CREATE USER MAPPING FOR CURRENT_USER SERVER aws
    OPTIONS (aws_access_key_id :'administrator_id', aws_secret_access_key :'administrator_secret');

-- The attribute token holds what AWS KMS's Encrypt gave for the token, without encryption context.
CREATE FOREIGN TABLE users (
    id text OPTIONS (key 'hash'),
    username text,
    token text OPTIONS (kms_encrypted 'true')
) SERVER aws OPTIONS (kms_key_id 'alias/users');

GRANT SELECT, INSERT, UPDATE ON users TO registration;
GRANT SELECT, INSERT ON users TO support;
GRANT SELECT ON users TO reporting;

-- The same attribute as it is stored, for whoever looks after the keys.
CREATE FOREIGN TABLE users_as_stored (
    id text OPTIONS (key 'hash'),
    token bytea
) SERVER aws OPTIONS (table_name 'users');
