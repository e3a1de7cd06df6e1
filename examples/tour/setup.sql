-- The extension, a server for the emulator, keys for the current role, and every table it holds.
\getenv endpoint DYNAMODB_ENDPOINT
\getenv region DYNAMODB_REGION
\getenv access_key_id DYNAMODB_ACCESS_KEY_ID
\getenv secret_access_key DYNAMODB_SECRET_ACCESS_KEY

CREATE EXTENSION IF NOT EXISTS dynamodb_kms_fdw;

-- With DynamoDB in AWS there is no endpoint_url.
CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw
    OPTIONS (region :'region', endpoint_url :'endpoint');

CREATE USER MAPPING FOR CURRENT_USER SERVER aws
    OPTIONS (aws_access_key_id :'access_key_id', aws_secret_access_key :'secret_access_key');

IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public;
