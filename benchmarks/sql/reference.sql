-- The smallest tables that can do the job: append-only ledger, lots, a running balance, a tier. What
-- pgbench does to them with one prepared statement is the limit that the product is measured against.
DROP SCHEMA IF EXISTS reference CASCADE;
CREATE SCHEMA reference;
SET search_path = reference;

CREATE TABLE member (
    id bigint PRIMARY KEY,
    balance bigint NOT NULL CHECK (balance >= 0),
    progress bigint NOT NULL,
    tier smallint NOT NULL,
    purchases int NOT NULL,
    last_on date
) WITH (fillfactor = 80);
CREATE TABLE purchase (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL,
    amount int NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL,
    points int NOT NULL,
    kind char(1) NOT NULL,
    ref bigint,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lot (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL,
    remaining int NOT NULL CHECK (remaining >= 0),
    expires_on date NOT NULL
) WITH (fillfactor = 90);
CREATE TABLE reward (
    id int PRIMARY KEY,
    cost int NOT NULL,
    stock bigint NOT NULL CHECK (stock >= 0)
);
CREATE INDEX ON purchase (member_id);
CREATE INDEX ON ledger (member_id);
CREATE INDEX ON lot (member_id, expires_on, id) WHERE remaining > 0;

-- Every statement of a volatile function sees what was committed before it, so what the lots hold is
-- read after the member's row is locked. Stops reading lots once the cost is covered.
CREATE FUNCTION redeem(member bigint, reward int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    need int;
    missing int;
    balance bigint;
    lot record;
BEGIN
    SELECT m.balance INTO balance FROM reference.member m WHERE m.id = member FOR NO KEY UPDATE;
    UPDATE reference.reward r SET stock = stock - 1
        WHERE r.id = reward AND r.stock > 0 AND r.cost <= balance RETURNING r.cost INTO need;
    IF need IS NULL THEN
        RETURN NULL;
    END IF;
    missing := need;
    FOR lot IN
        SELECT l.id, l.remaining FROM reference.lot l
        WHERE l.member_id = member AND l.remaining > 0 ORDER BY l.expires_on, l.id
    LOOP
        UPDATE reference.lot l SET remaining = lot.remaining - least(lot.remaining, missing)
            WHERE l.id = lot.id;
        missing := missing - least(lot.remaining, missing);
        EXIT WHEN missing = 0;
    END LOOP;
    INSERT INTO reference.ledger (member_id, points, kind, ref) VALUES (member, -need, 'R', reward);
    UPDATE reference.member m SET balance = m.balance - need WHERE m.id = member;
    RETURN balance - need;
END $$;
