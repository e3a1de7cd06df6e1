-- Every message becomes an item, or a dead letter, and is deleted when both are stored.
WITH received AS (
    DELETE FROM my_sample_queue WHERE action = 'creation' RETURNING body
), stored AS (
    INSERT INTO person
    SELECT split_part(body, ',', 1), split_part(body, ',', 2)
    FROM received
    WHERE body ~ '^[^,]+,[^,]+$'
    ON CONFLICT DO NOTHING
)
INSERT INTO my_dead_letters
SELECT body, 'not of the form Name,Firstname'
FROM received
WHERE body !~ '^[^,]+,[^,]+$';
