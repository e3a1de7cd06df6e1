-- The extension, a server, four roles that assume a role of AWS each, the queues and the table.
\getenv endpoint DYNAMODB_ENDPOINT
\getenv region DYNAMODB_REGION
\getenv administrator_id ADMINISTRATOR_ACCESS_KEY_ID
\getenv administrator_secret ADMINISTRATOR_SECRET_ACCESS_KEY
\getenv key_id POSTGRESQL_ACCESS_KEY_ID
\getenv secret POSTGRESQL_SECRET_ACCESS_KEY
\getenv writer_arn PERSON_WRITER_ARN
\getenv reader_arn PERSON_READER_WITHOUT_KEY_ARN
\getenv sender_arn QUEUE_SENDER_ARN
\getenv key_administrator_arn KEY_ADMINISTRATOR_ARN

CREATE EXTENSION IF NOT EXISTS dynamodb_kms_fdw;

-- With AWS itself there is no endpoint_url.
CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw
    OPTIONS (region :'region', endpoint_url :'endpoint');

CREATE ROLE person_writer;
CREATE ROLE person_reader_without_key;
CREATE ROLE queue_sender;
CREATE ROLE key_administrator;
GRANT USAGE ON FOREIGN SERVER aws
    TO person_writer, person_reader_without_key, queue_sender, key_administrator;

-- One pair of keys may do nothing but assume roles; each role of PostgreSQL has one of its own.
CREATE USER MAPPING FOR person_writer SERVER aws
    OPTIONS (aws_access_key_id :'key_id', aws_secret_access_key :'secret', role_arn :'writer_arn');
CREATE USER MAPPING FOR person_reader_without_key SERVER aws
    OPTIONS (aws_access_key_id :'key_id', aws_secret_access_key :'secret', role_arn :'reader_arn');
CREATE USER MAPPING FOR queue_sender SERVER aws
    OPTIONS (aws_access_key_id :'key_id', aws_secret_access_key :'secret', role_arn :'sender_arn');
CREATE USER MAPPING FOR key_administrator SERVER aws
    OPTIONS (aws_access_key_id :'key_id', aws_secret_access_key :'secret',
             role_arn :'key_administrator_arn');
CREATE USER MAPPING FOR CURRENT_USER SERVER aws
    OPTIONS (aws_access_key_id :'administrator_id', aws_secret_access_key :'administrator_secret');

CREATE FOREIGN TABLE my_sample_queue (
    body text,
    action text OPTIONS (message_attribute 'Action'),
    message_id text
) SERVER aws OPTIONS (queue_name 'MySampleQueue', visibility_timeout '60s', wait_time '1s');

-- What cannot be understood is kept here; sent at the commit, it is there once.
CREATE FOREIGN TABLE my_dead_letters (
    body text,
    reason text OPTIONS (message_attribute 'Reason')
) SERVER aws OPTIONS (queue_name 'MyDeadLetters', write_mode 'transaction');

CREATE FOREIGN TABLE person (
    "Name" text OPTIONS (key 'hash'),
    "Firstname" text OPTIONS (key 'range')
) SERVER aws OPTIONS (table_name 'Person', sse_kms_key_id 'alias/person');

SELECT dynamodb_create_table('person') -> 'TableStatus' AS status;

GRANT SELECT, INSERT, DELETE ON my_sample_queue TO person_writer;
GRANT SELECT, INSERT ON my_dead_letters, person TO person_writer;
GRANT SELECT ON person TO person_reader_without_key, queue_sender;
GRANT INSERT ON my_sample_queue TO queue_sender;
GRANT EXECUTE ON FUNCTION kms_describe_key, kms_encrypt(name, text, text, jsonb)
    TO key_administrator, person_writer, person_reader_without_key;
