from django.db import migrations

# What a sale meets, in one statement and without a lock: whether it is recorded already, which rules
# there are, whether somebody who brought the customer waits for a sale, and where the customer stands.
# `seen` is the version of the standing's row. A customer
# who was merged into another has no open account, and so stands nowhere.
LOOK = """
CREATE FUNCTION purchases_look(from_source text, ref text, customer bigint)
RETURNS TABLE (
    is_known boolean, zone text, newest_version bigint, is_awaited boolean, seen text,
    tier_key text, earned_key text, spend_minor bigint, points bigint, visits int,
    last_visit_on date, since timestamptz, held_through date, floor_key text, floor_through date,
    programme_version_id bigint, counted_at timestamptz, settled_on date
) LANGUAGE sql STABLE AS $$
    SELECT
        EXISTS (SELECT FROM purchases_purchase p WHERE p.source = from_source AND p.reference = ref),
        shop.time_zone, (SELECT max(v.id) FROM programme_programmeversion v),
        EXISTS (SELECT FROM rewards_referral r WHERE r.friend_id = customer AND r.state = 'open')
            OR EXISTS (
                SELECT FROM customers_customer c JOIN rewards_referral r ON r.friend_id = c.id
                WHERE c.merged_into_id = customer AND r.state = 'open'
            ),
        s.xmin::text || s.ctid::text,
        s.tier_key, s.earned_key, s.spend_minor, s.points, s.visits, s.last_visit_on, s.since,
        s.held_through, s.floor_key, s.floor_through, s.programme_version_id, s.counted_at,
        s.settled_on
    FROM shop_shop shop
    LEFT JOIN ledger_account a ON a.customer_id = customer AND a.closed_at IS NULL
    LEFT JOIN tiers_standing s ON s.customer_id = a.customer_id
$$;
"""

# A sale of a sum alone, worked out for what purchases_look has seen: lock, look again, act. No row
# when somebody else was served meanwhile; then nothing was written, and the caller has to look anew.
# It runs with its caller's rights; the floors below write their own tables.
SELL = """
CREATE FUNCTION purchases_sell(
    from_source text, ref text, customer bigint, in_branch bigint, hash text, amount bigint,
    moment timestamptz, day date, known_at timestamptz, actor bigint,
    earned bigint, version bigint, explained jsonb, first_day date, last_day date, alive date,
    ships_free boolean, seen text, tier_was text, tier text, own_tier text, all_spend bigint, all_points bigint,
    all_visits int, last_visit date, since_when timestamptz, held date, given_tier text,
    given_through date, standing_version bigint, counted timestamptz, settled date, moves jsonb,
    OUT purchase_id bigint, OUT entry_id bigint, OUT balance bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    kept bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(from_source || '/' || ref, 0));
    SELECT h.kept, h.balance INTO kept, balance FROM ledger_hold(customer) AS h;
    IF kept <> customer OR EXISTS (
        SELECT FROM purchases_purchase p WHERE p.source = from_source AND p.reference = ref
    ) OR NOT tiers_keep(
        customer, seen, from_source, ref, amount, earned, moment, known_at, tier, own_tier,
        all_spend, all_points, all_visits, last_visit, since_when, held, given_tier, given_through,
        standing_version, counted, settled, moves
    ) THEN
        RETURN;
    END IF;
    IF alive IS NOT NULL THEN
        SELECT x.balance INTO balance FROM shop_shop s, ledger_extend(
            ARRAY[customer], ARRAY[alive], (known_at AT TIME ZONE s.time_zone)::date, s.time_zone,
            known_at
        ) AS x;
    END IF;
    IF earned > 0 THEN
        SELECT e.entry_id, e.balance_after INTO entry_id, balance FROM ledger_earn(
            customer, earned, from_source, ref, version, explained, first_day, last_day, moment,
            known_at, actor
        ) AS e;
    END IF;
    UPDATE purchases_activity a SET
        first_on = least(a.first_on, day), last_on = greatest(a.last_on, day),
        purchases = a.purchases + 1, spend_minor = a.spend_minor + amount
        WHERE a.customer_id = customer;
    IF NOT FOUND THEN
        INSERT INTO purchases_activity (customer_id, first_on, last_on, purchases, spend_minor)
            VALUES (customer, day, day, 1, amount);
    END IF;
    INSERT INTO purchases_purchase (
        customer_id, branch_id, source, reference, request_hash, amount_minor, points, entry_id,
        balance_after, tier_before, tier_after, occurred_at, occurred_on, recorded_at,
        recorded_by_id, free_shipping
    ) VALUES (
        customer, in_branch, from_source, ref, hash, amount, earned, entry_id, balance, tier_was,
        tier, moment, day, known_at, actor, ships_free
    ) RETURNING id INTO purchase_id;
END $$;
"""
DROP_SELL = """
DROP FUNCTION purchases_sell(
    text, text, bigint, bigint, text, bigint, timestamptz, date, timestamptz, bigint, bigint,
    bigint, jsonb, date, date, date, boolean, text, text, text, text, bigint, bigint, int, date, timestamptz, date,
    text, date, bigint, timestamptz, date, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("purchases", "0009_uses_follow_sales"),
        ("ledger", "0014_earning_faster"),
        ("tiers", "0006_standing_of_one"),
        ("rewards", "0005_referral_guards"),
    ]

    operations = [
        migrations.RunSQL(LOOK, "DROP FUNCTION purchases_look(text, text, bigint)"),
        migrations.RunSQL(SELL, DROP_SELL),
    ]
