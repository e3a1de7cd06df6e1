-- Token vaults: values behind tokens
\i sql/server.inc

CREATE FOREIGN TABLE vault (
    token text OPTIONS (attribute_name 'Hash_Key', key 'hash', vault_role 'token'),
    account text OPTIONS (attribute_name 'Account_Id', key 'range', vault_role 'tenant'),
    card text OPTIONS (attribute_name 'CandidateString', vault_role 'value'),
    expires timestamptz OPTIONS (vault_role 'expires_at', time_format 'epoch_seconds'),
    uses integer OPTIONS (vault_role 'uses_left'),
    kind text DEFAULT 'card'
) SERVER aws OPTIONS (table_name 'vault_cards', ttl_attribute 'expires');
SELECT dynamodb_create_table('vault') IS NOT NULL AS made;

-- One value
SELECT tokenize('vault', '4111111111111111', 'acme') AS token \gset
SELECT :'token' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' AS is_version_4;
SELECT detokenize('vault', :'token', 'acme') AS value, detokenize('vault', upper(:'token'), 'acme') AS unknown;
SELECT account, card, expires, uses, kind FROM vault WHERE token = :'token' AND account = 'acme';

-- Another tenant's token is unknown, also to those who want to forget it
SELECT detokenize('vault', :'token', 'others') AS value, forget_token('vault', :'token', 'others') AS forgotten;
SELECT detokenize('vault', :'token');
SELECT tokenize('vault', 'x');

-- Many values: in their places, NULL where there was NULL
SELECT tokenize('vault', '{{a,b},{NULL,a}}'::text[], 'acme') AS tokens \gset
SELECT detokenize('vault', :'tokens'::text[], 'acme') AS "values";
SELECT (:'tokens'::text[])[1][1] <> (:'tokens'::text[])[2][2] AS equal_values_have_two_tokens;
SELECT detokenize('vault', ARRAY[:'token', NULL, 'unknown', '', :'token'], 'acme') AS "values";
SELECT tokenize('vault', '{}'::text[], 'acme') AS none, detokenize('vault', '{}'::text[], 'acme') AS none;
SELECT tokenize('vault', NULL::text, 'acme') IS NULL AS none, detokenize('vault', NULL::text, 'acme') IS NULL AS none;
SELECT count(DISTINCT token) AS tokens, count(detokenize('vault', token, 'acme')) AS "values"
FROM unnest(tokenize('vault', ARRAY(SELECT i::text FROM generate_series(1, 250) AS i), 'acme')) AS token;
SELECT array_agg(value ORDER BY n) = array_agg(n::text ORDER BY n) AS in_order
FROM unnest(detokenize('vault', tokenize('vault', ARRAY(SELECT i::text FROM generate_series(1, 250) AS i), 'acme'), 'acme'))
    WITH ORDINALITY AS given (value, n);

-- Forgetting
SELECT forget_token('vault', :'token', 'acme') AS forgotten, forget_token('vault', :'token', 'acme') AS again,
       detokenize('vault', :'token', 'acme') AS value;

-- Tokens that expire: unknown from then on, whether DynamoDB has removed them or not
SELECT tokenize('vault', 'soon', 'acme', expires_in => '1 hour') AS token \gset
SELECT detokenize('vault', :'token', 'acme') AS value;
SELECT expires > now() + interval '59 minutes' AND expires < now() + interval '61 minutes' AS in_an_hour
FROM vault WHERE token = :'token' AND account = 'acme';
UPDATE vault SET expires = date_trunc('second', now()) WHERE token = :'token' AND account = 'acme';
SELECT detokenize('vault', :'token', 'acme') AS value, detokenize('vault', ARRAY[:'token'], 'acme') AS "values";
SELECT count(*) FROM vault WHERE token = :'token' AND account = 'acme';
SELECT tokenize('vault', 'x', 'acme', expires_in => '0');
SELECT tokenize('vault', 'x', 'acme', expires_in => '-1 day');

-- Tokens for a single use
SELECT tokenize('vault', 'once', 'acme', single_use => true) AS token \gset
SELECT detokenize('vault', :'token', 'others') AS value;
SELECT detokenize('vault', :'token', 'acme') AS value;
SELECT detokenize('vault', :'token', 'acme') AS again;
SELECT tokenize('vault', '{one,two}'::text[], 'acme', single_use => true) AS tokens \gset
SELECT detokenize('vault', :'tokens'::text[] || :'tokens'::text[], 'acme') AS "values";
SELECT tokenize('vault', 'thrice', 'acme') AS token \gset
UPDATE vault SET uses = 3 WHERE token = :'token' AND account = 'acme';
SELECT detokenize('vault', ARRAY[:'token', :'token'], 'acme') AS "values";
SELECT uses FROM vault WHERE token = :'token' AND account = 'acme';
SELECT detokenize('vault', ARRAY[:'token', :'token'], 'acme') AS "values";
SELECT count(*) FROM vault WHERE token = :'token' AND account = 'acme';

-- What is rolled back is removed, by the transaction or by the savepoint
DELETE FROM vault;
BEGIN;
SELECT array_length(tokenize('vault', '{a,b,c}'::text[], 'acme'), 1);
SAVEPOINT s;
SELECT array_length(tokenize('vault', '{d,e}'::text[], 'acme'), 1);
SELECT count(*) FROM vault;
ROLLBACK TO s;
SELECT card FROM vault ORDER BY card;
SAVEPOINT s;
SELECT tokenize('vault', 'f', 'acme') IS NOT NULL AS made;
RELEASE s;
ROLLBACK;
SELECT count(*) FROM vault;
SELECT 1 / (length(tokenize('vault', 'x', 'acme')) - 36) AS fails;
SELECT count(*) FROM vault;

-- A read-only transaction
BEGIN READ ONLY;
SELECT tokenize('vault', 'x', 'acme');
ROLLBACK;

-- Unknown tokens may be errors, which show no token
ALTER FOREIGN TABLE vault OPTIONS (ADD missing_token 'error');
SELECT detokenize('vault', 'unknown', 'acme');
SELECT detokenize('vault', ARRAY[tokenize('vault', 'x', 'acme'), 'unknown', NULL], 'acme');
ALTER FOREIGN TABLE vault OPTIONS (DROP missing_token);

-- Neither do those of SQL's own statements
INSERT INTO vault (token, account, card) VALUES ('the token', 'acme', 'x');
INSERT INTO vault (token, account, card) VALUES ('the token', 'acme', 'y');

-- Privileges are those on the vault
CREATE ROLE regress_vault_shop;
CREATE ROLE regress_vault_billing;
CREATE ROLE regress_vault_analyst;
GRANT EXECUTE ON FUNCTION tokenize(regclass, text, text, interval, boolean), detokenize(regclass, text, text),
    forget_token TO regress_vault_shop, regress_vault_billing, regress_vault_analyst;
GRANT INSERT (token, account, card) ON vault TO regress_vault_shop;
GRANT SELECT ON vault TO regress_vault_billing;
CREATE USER MAPPING FOR PUBLIC SERVER aws
    OPTIONS (aws_access_key_id :'access_key_id', aws_secret_access_key :'secret_access_key');
SET ROLE regress_vault_shop;
SELECT tokenize('vault', 'card', 'acme') AS token \gset
SELECT detokenize('vault', :'token', 'acme');
SELECT forget_token('vault', :'token', 'acme');
SELECT tokenize('vault', 'card', 'acme', single_use => true);
SET ROLE regress_vault_billing;
SELECT detokenize('vault', :'token', 'acme') AS value;
SELECT tokenize('vault', 'card', 'acme');
SELECT forget_token('vault', :'token', 'acme');
SET ROLE regress_vault_analyst;
SELECT detokenize('vault', :'token', 'acme');
SELECT tokenize('vault', 'card', 'acme');
RESET ROLE;
-- A view asks as its reader, a SECURITY DEFINER function as its owner
CREATE VIEW cards AS SELECT detokenize('vault', t, 'acme') AS card FROM (SELECT :'token'::text) AS given (t);
CREATE FUNCTION card_of(token text) RETURNS text LANGUAGE sql SECURITY DEFINER
    RETURN detokenize('vault', token, 'acme');
GRANT SELECT ON cards TO regress_vault_analyst, regress_vault_billing;
SET ROLE regress_vault_billing;
SELECT * FROM cards;
SET ROLE regress_vault_analyst;
SELECT * FROM cards;
SELECT card_of(:'token');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION detokenize(regclass, text, text) FROM regress_vault_analyst;
SET ROLE regress_vault_analyst;
SELECT detokenize('vault', :'token', 'acme');
RESET ROLE;
GRANT DELETE ON vault TO regress_vault_billing;
SET ROLE regress_vault_billing;
SELECT forget_token('vault', :'token', 'acme') AS forgotten;
RESET ROLE;
DROP VIEW cards;
DROP OWNED BY regress_vault_shop, regress_vault_billing, regress_vault_analyst;
DROP ROLE regress_vault_shop, regress_vault_billing, regress_vault_analyst;

-- Digits: as long as the value, its last four, and the number of no card
CREATE FOREIGN TABLE digits (
    token varchar(19) OPTIONS (key 'hash', vault_role 'token'),
    tenant integer OPTIONS (vault_role 'tenant'),
    card varchar(20) OPTIONS (vault_role 'value'),
    expires bigint OPTIONS (vault_role 'expires_at')
) SERVER aws OPTIONS (table_name 'vault_digits', token_format 'digits');
SELECT dynamodb_create_table('digits') IS NOT NULL AS made;
CREATE FUNCTION passes_luhn(digits text) RETURNS boolean LANGUAGE sql RETURN (
    SELECT sum(CASE WHEN n % 2 = 1 THEN d WHEN d > 4 THEN 2 * d - 9 ELSE 2 * d END) % 10 = 0
    FROM unnest(string_to_array(reverse(digits), NULL)::int[]) WITH ORDINALITY AS digit (d, n));
SELECT passes_luhn('4111111111111111') AS card, passes_luhn('4111111111111112') AS no_card;
SELECT every(length(token) = 16) AS as_long, every(token LIKE '%1111') AS last_four, bool_or(passes_luhn(token)) AS card
FROM unnest(tokenize('digits', array_fill('4111111111111111'::text, ARRAY[100]))) AS token;
SELECT detokenize('digits', tokenize('digits', '411111111111')) AS value;
SELECT tokenize('digits', '41111111111');
SELECT tokenize('digits', '4111 1111 1111 1111');
SELECT tokenize('digits', '{4111111111111111,secret}'::text[]);
SELECT tokenize('digits', '41111111111111111111');

-- A tenant that is no key
SELECT tokenize('digits', '4111111111111111', '7', '1 day') AS token \gset
SELECT detokenize('digits', :'token', '7') AS value, detokenize('digits', :'token', '07') AS value,
       detokenize('digits', :'token', '8') AS others, detokenize('digits', :'token') AS nobody;
SELECT forget_token('digits', :'token', '8') AS others, forget_token('digits', :'token') AS nobody,
       forget_token('digits', :'token', '7') AS forgotten;
SELECT tokenize('digits', '4111111111111111') AS token \gset
SELECT detokenize('digits', :'token', '7') AS others, detokenize('digits', :'token') AS value;
SELECT tokenize('digits', '4111111111111111', 'seven');
SELECT tokenize('digits', '4111111111111111', '7', single_use => true);

-- In write mode 'transaction' nothing is stored before the transaction commits
DELETE FROM digits;
ALTER FOREIGN TABLE digits OPTIONS (ADD write_mode 'transaction', DROP token_format);
ALTER FOREIGN TABLE digits ALTER token TYPE uuid;
BEGIN;
SELECT tokenize('digits', 'a value') AS token \gset
SELECT detokenize('digits', :'token') AS value, detokenize('digits', upper(:'token')) AS value;
SELECT detokenize('digits', tokenize('digits', '{b,c}'::text[])) AS "values";
ROLLBACK;
SELECT count(*) FROM digits;
BEGIN;
SELECT tokenize('digits', 'a value') AS token \gset
COMMIT;
SELECT detokenize('digits', :'token') AS value, detokenize('digits', 'no uuid') AS unknown;
SELECT forget_token('digits', :'token') AS forgotten, forget_token('digits', 'no uuid') AS unknown;
SELECT count(*) FROM digits;
SELECT tokenize('digits', repeat('x', 21));

-- What makes no vault
SELECT tokenize('pg_class', 'x');
SELECT detokenize(0, 'x');
CREATE FOREIGN TABLE other (id text OPTIONS (key 'hash')) SERVER aws OPTIONS (table_name 'vault_digits');
SELECT tokenize('other', 'x');
ALTER FOREIGN TABLE other ALTER id OPTIONS (ADD vault_role 'token');
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other ADD value jsonb OPTIONS (vault_role 'value');
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other ALTER value TYPE text, ADD value_too text OPTIONS (vault_role 'value');
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other ALTER value_too OPTIONS (SET vault_role 'expires_at');
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other ALTER value_too TYPE timestamptz;
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other ALTER value_too OPTIONS (ADD time_format 'epoch_seconds');
ALTER FOREIGN TABLE other OPTIONS (ADD ttl_attribute 'another');
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other OPTIONS (DROP ttl_attribute, ADD write_mode 'overwrite');
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other OPTIONS (SET write_mode 'transaction');
ALTER FOREIGN TABLE other ADD uses integer OPTIONS (vault_role 'uses_left');
SELECT detokenize('other', 'x');
ALTER FOREIGN TABLE other OPTIONS (DROP write_mode, SET table_name 'vault_cards');
ALTER FOREIGN TABLE other ALTER id OPTIONS (ADD attribute_name 'Hash_Key');
SELECT detokenize('other', 'x');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER nothing BEFORE INSERT ON vault FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT tokenize('vault', 'x', 'acme');
DROP TRIGGER nothing ON vault;
ALTER FOREIGN TABLE vault OPTIONS (ADD updatable 'false');
SELECT tokenize('vault', 'x', 'acme');
ALTER FOREIGN TABLE vault OPTIONS (DROP updatable);
CREATE FOREIGN TABLE wrong (token text OPTIONS (vault_role 'key')) SERVER aws;
CREATE FOREIGN TABLE wrong (token text OPTIONS (vault_role 'token', kms_encrypted 'true')) SERVER aws;
CREATE FOREIGN TABLE wrong (value text OPTIONS (vault_role 'value', kms_key_id 'alias/x')) SERVER aws;
CREATE FOREIGN TABLE wrong (item jsonb OPTIONS (vault_role 'value', whole_item 'true')) SERVER aws;

-- Deterministic tokens neither expire nor are used up, and need a key
ALTER FOREIGN TABLE vault OPTIONS (ADD token_format 'deterministic');
SELECT tokenize('vault', 'x', 'acme');
SELECT tokenize('vault', 'x', 'acme', '1 day');
SELECT tokenize('vault', 'x', 'acme', single_use => true);


-- The trigger: what it is put on, and its arguments
ALTER FOREIGN TABLE vault OPTIONS (DROP token_format);
CREATE TABLE orders (id integer, card varchar(36), account text, amount integer);
CREATE TRIGGER tokens BEFORE INSERT OR UPDATE ON orders FOR EACH ROW
    EXECUTE FUNCTION tokenize_trigger('vault', 'card', 'account');
INSERT INTO orders VALUES (1, '4111111111111111', 'acme'), (2, NULL, 'acme'), (3, '4012888888881881', 'others');
UPDATE orders SET amount = 10 * id;
SELECT id, length(card), detokenize('vault', card, account) AS value, amount FROM orders ORDER BY id;
INSERT INTO orders VALUES (4, 'x', NULL);
BEGIN;
COPY orders (id, card, account) FROM STDIN;
4	a	acme
5	b	acme
\.
SELECT id, detokenize('vault', card, account) AS value FROM orders WHERE id > 3 ORDER BY id;
ROLLBACK;
SELECT count(*) FROM vault WHERE card IN ('a', 'b');
CREATE ROLE regress_vault_clerk;
GRANT INSERT ON orders TO regress_vault_clerk;
SET ROLE regress_vault_clerk;
INSERT INTO orders VALUES (6, 'x', 'acme');
RESET ROLE;
DROP OWNED BY regress_vault_clerk;
DROP ROLE regress_vault_clerk;
CREATE OR REPLACE TRIGGER tokens BEFORE INSERT ON orders FOR EACH ROW
    EXECUTE FUNCTION tokenize_trigger('vault', 'number');
INSERT INTO orders VALUES (6, 'x', 'acme');
CREATE OR REPLACE TRIGGER tokens BEFORE INSERT ON orders FOR EACH ROW
    EXECUTE FUNCTION tokenize_trigger('vault', 'amount');
INSERT INTO orders VALUES (6, 'x', 'acme');
CREATE OR REPLACE TRIGGER tokens BEFORE INSERT ON orders FOR EACH ROW
    EXECUTE FUNCTION tokenize_trigger('vault');
INSERT INTO orders VALUES (6, 'x', 'acme');
CREATE OR REPLACE TRIGGER tokens AFTER INSERT ON orders FOR EACH ROW
    EXECUTE FUNCTION tokenize_trigger('vault', 'card');
INSERT INTO orders VALUES (6, 'x', 'acme');
DROP TABLE orders;

SELECT dynamodb_drop_table('vault');
SELECT dynamodb_drop_table('digits');
