-- As many members as the product has customers, each with one purchase of 10,000 and its 100 points;
-- the first one never runs dry.
INSERT INTO reference.member (id, balance, progress, tier, purchases, last_on)
    SELECT id, 100, 10000, 0, 1, current_date FROM generate_series(1, %(members)s) AS id;
INSERT INTO reference.purchase (member_id, amount)
    SELECT id, 10000 FROM generate_series(1, %(members)s) AS id;
INSERT INTO reference.ledger (member_id, points, kind, ref)
    SELECT member_id, 100, 'E', id FROM reference.purchase;
INSERT INTO reference.lot (member_id, remaining, expires_on)
    SELECT id, 100, current_date + 365 FROM generate_series(1, %(members)s) AS id;
UPDATE reference.member SET balance = balance + 100000000 WHERE id = 1;
INSERT INTO reference.lot (member_id, remaining, expires_on) VALUES (1, 100000000, '2099-12-31');
INSERT INTO reference.reward SELECT id, 5, 1000000000 FROM generate_series(1, 100) AS id;
