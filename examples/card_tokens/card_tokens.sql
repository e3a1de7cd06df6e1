-- Card tokens: orders hold tokens, the cards are in a vault, and few may turn one into the other.

\echo
\echo '--- 1. A server, the vault and the orders, three roles, and the functions order and paybill'
\echo
\ir setup.sql

\echo
\echo '--- 2. shop orders: the card goes into the vault, the order gets a token'
\echo
SET ROLE shop;
SELECT "order"('o-0002', 'acme', 'bo', 'Linz', '4111111111111111');

-- Many at once: an array is one call, whatever its length.
INSERT INTO orders
SELECT id, 'acme', customer, address, token
FROM unnest(ARRAY['o-0003', 'o-0004'], ARRAY['carla', 'bo'], ARRAY['Wien', 'Linz'],
            tokenize('card_vault', ARRAY['378282246310005', '4111111111111111'], 'acme'))
     AS given (id, customer, address, token);

\echo
\echo '--- 3. ... but it cannot turn a token back, although it may call the function'
\echo
\set ON_ERROR_STOP off
SELECT detokenize('card_vault', '8f14e45f-ceea-467f-9ad4-3b1c5a6f7d20', 'acme');
\set ON_ERROR_STOP on

\echo
\echo '--- 4. billing pays: also for an order that an application has stored without SQL'
\echo
SET ROLE billing;
SELECT id, paybill(id) AS card FROM orders ORDER BY id;

-- All of them in two requests, one for the orders and one for their cards.
SELECT detokenize('card_vault', array_agg(card_token ORDER BY id), 'acme') AS cards FROM orders;

\echo
\echo '--- 5. ... but not with tokens of another account, and it makes none'
\echo
SELECT detokenize('card_vault', card_token, 'other') AS card FROM orders WHERE id = 'o-0002';
\set ON_ERROR_STOP off
SELECT tokenize('card_vault', '4111111111111111', 'acme');
\set ON_ERROR_STOP on

\echo
\echo '--- 6. analyst does neither: EXECUTE alone gives nothing'
\echo
SET ROLE analyst;
\set ON_ERROR_STOP off
SELECT paybill('o-0002');
SELECT tokenize('card_vault', '4111111111111111', 'acme');
\set ON_ERROR_STOP on

\echo
\echo '--- 7. ... and reports on orders without ever seeing a card'
\echo
SELECT carrier, count(*) AS orders, count(DISTINCT customer) AS customers,
       every(card_token IS NOT NULL) AS paid_by_card
FROM orders JOIN deliveries ON order_id = id
GROUP BY carrier ORDER BY carrier;

\echo
\echo '--- 8. An order that fails leaves no card behind'
\echo
SET ROLE shop;
\set ON_ERROR_STOP off
SELECT "order"('o-0002', 'acme', 'bo', 'Linz', '4012888888881881');
\set ON_ERROR_STOP on
SET ROLE billing;
SELECT count(*) AS cards FROM card_vault;
RESET ROLE;
