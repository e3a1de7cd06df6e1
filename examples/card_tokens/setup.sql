-- The extension, a server, the vault and the orders, and three roles with keys of their own.
\getenv endpoint DYNAMODB_ENDPOINT
\getenv region DYNAMODB_REGION
\getenv shop_id SHOP_ACCESS_KEY_ID
\getenv shop_secret SHOP_SECRET_ACCESS_KEY
\getenv billing_id BILLING_ACCESS_KEY_ID
\getenv billing_secret BILLING_SECRET_ACCESS_KEY
\getenv analyst_id ANALYST_ACCESS_KEY_ID
\getenv analyst_secret ANALYST_SECRET_ACCESS_KEY

CREATE EXTENSION IF NOT EXISTS dynamodb_kms_fdw;

-- With AWS itself there is no endpoint_url.
CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw
    OPTIONS (region :'region', endpoint_url :'endpoint');

CREATE ROLE shop;
CREATE ROLE billing;
CREATE ROLE analyst;
GRANT USAGE ON FOREIGN SERVER aws TO shop, billing, analyst;

CREATE USER MAPPING FOR shop SERVER aws
    OPTIONS (aws_access_key_id :'shop_id', aws_secret_access_key :'shop_secret');
CREATE USER MAPPING FOR billing SERVER aws
    OPTIONS (aws_access_key_id :'billing_id', aws_secret_access_key :'billing_secret');
CREATE USER MAPPING FOR analyst SERVER aws
    OPTIONS (aws_access_key_id :'analyst_id', aws_secret_access_key :'analyst_secret');

-- The vault, whose items are as AWS's DynamoDB Encryption Client writes them: the card is encrypted
-- and signed, the token signed; the account is left alone, but no item opens under another one.
CREATE FOREIGN TABLE card_vault (
    token text OPTIONS (attribute_name 'Hash_Key', key 'hash', vault_role 'token'),
    account text OPTIONS (attribute_name 'Account_Id', key 'range', vault_role 'tenant',
                          crypto_action 'do_nothing'),
    card text OPTIONS (attribute_name 'CandidateString', vault_role 'value')
) SERVER aws OPTIONS (
    table_name 'CreditCardTokenizerTable',
    encryption 'dynamodb_encryption_client',
    kms_key_id 'alias/cards'
);

-- The orders hold tokens, and never a card.
CREATE FOREIGN TABLE orders (
    id text OPTIONS (attribute_name 'Order_Id', key 'hash'),
    account text OPTIONS (attribute_name 'Account_Id'),
    customer text OPTIONS (attribute_name 'Customer'),
    address text OPTIONS (attribute_name 'Address'),
    card_token text OPTIONS (attribute_name 'Card_Token')
) SERVER aws OPTIONS (table_name 'CustomerOrderTable');

-- Both run as whoever calls them, so each needs the caller's own privileges.
CREATE FUNCTION "order"(id text, account text, customer text, address text, card text) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO orders VALUES
        ("order".id, "order".account, customer, address, tokenize('card_vault', card, "order".account));
END;

CREATE FUNCTION paybill(order_id text) RETURNS text
LANGUAGE sql
RETURN (SELECT detokenize('card_vault', card_token, account) FROM orders WHERE id = order_id);

-- The shop makes tokens, billing turns them back, the analyst does neither.
GRANT INSERT ON card_vault TO shop;
GRANT SELECT ON card_vault TO billing;
GRANT INSERT ON orders TO shop;
GRANT SELECT ON orders TO billing, analyst;
GRANT EXECUTE ON FUNCTION tokenize(regclass, text, text, interval, boolean),
    tokenize(regclass, text[], text, interval, boolean),
    detokenize(regclass, text, text), detokenize(regclass, text[], text) TO shop, billing, analyst;

-- What the analyst has of his own.
CREATE TABLE deliveries (order_id text PRIMARY KEY, carrier text NOT NULL);
INSERT INTO deliveries VALUES ('o-0001', 'rail'), ('o-0002', 'bicycle'), ('o-0003', 'rail');
GRANT SELECT ON deliveries TO analyst;
