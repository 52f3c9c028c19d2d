\set member random(:first, :last)
\set amount random(100, 9999)
WITH purchase AS (
    INSERT INTO reference.purchase (member_id, amount) VALUES (:member, :amount) RETURNING id
), ledger AS (
    INSERT INTO reference.ledger (member_id, points, kind, ref)
    SELECT :member, :amount / 100, 'E', id FROM purchase
), lot AS (
    INSERT INTO reference.lot (member_id, remaining, expires_on)
    VALUES (:member, :amount / 100, current_date + 365)
)
UPDATE reference.member SET
    balance = balance + :amount / 100,
    progress = progress + :amount,
    purchases = purchases + 1,
    last_on = current_date,
    tier = CASE WHEN progress + :amount > 100000 THEN 2 WHEN progress + :amount > 30000 THEN 1 ELSE 0 END
WHERE id = :member RETURNING balance;
