from django.db import migrations

# Redeeming, in one call: lock, look, act. It runs with its caller's rights, and calls the ledger's
# verbs for what those do not reach. Every statement sees what was committed before it, so what is
# looked at is read after the locks. `buyer` is who is meant by `customer`, who may have been merged
# into another; `outcome` is why nothing was written, or 'redeemed'.
REDEEM = """
CREATE FUNCTION rewards_redeem(
    from_source text, ref text, customer bigint, wanted bigint, moment timestamptz, actor bigint,
    new_code text, new_token text,
    OUT outcome text, OUT name text, OUT redemption_id bigint, OUT voucher_id bigint,
    OUT entry_id bigint, OUT buyer bigint, OUT cost bigint, OUT usable bigint, OUT last_day date
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    reward record;
    today date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(from_source || '/redemption:' || ref, 0));
    SELECT h.kept INTO buyer FROM ledger_hold(customer) AS h;
    SELECT r.id, CASE WHEN r.customer_id = buyer AND r.reward_id = wanted THEN 'known'
            ELSE 'another' END
        INTO redemption_id, outcome
        FROM rewards_redemption r WHERE r.source = from_source AND r.reference = ref;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT r.* INTO reward FROM rewards_reward r WHERE r.id = wanted;
    IF reward.stock IS NOT NULL THEN  -- Only a shelf that can become empty needs its row locked.
        SELECT r.* INTO reward FROM rewards_reward r WHERE r.id = wanted FOR NO KEY UPDATE;
    END IF;
    SELECT (moment AT TIME ZONE s.time_zone)::date INTO today FROM shop_shop s;
    name := reward.name;
    cost := reward.cost_points;
    outcome := CASE
        WHEN today IS NULL THEN 'no shop'
        WHEN reward.is_active IS NOT TRUE THEN 'retired'
        WHEN reward.stock = 0 THEN 'sold out'
        WHEN EXISTS (SELECT FROM rewards_voucher v WHERE v.code = new_code) THEN 'code taken'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT d.entry_id, d.usable INTO entry_id, usable FROM ledger_debit(
        from_source, 'redeem', buyer, cost, ref, NULL, '{}', name, today, moment, moment,
        actor, NULL
    ) AS d;
    IF entry_id IS NULL THEN
        outcome := CASE WHEN usable IS NULL THEN 'frozen' ELSE 'too few' END;
        RETURN;
    END IF;
    IF reward.stock IS NOT NULL THEN
        UPDATE rewards_reward r SET stock = r.stock - 1 WHERE r.id = wanted;
    END IF;
    last_day := today + reward.validity_days;
    INSERT INTO rewards_redemption (
        customer_id, reward_id, entry_id, source, reference, cost_points, redeemed_at
    ) VALUES (buyer, wanted, entry_id, from_source, ref, cost, moment)
    RETURNING id INTO redemption_id;
    INSERT INTO rewards_voucher (
        redemption_id, customer_id, reward_id, code, token, state, issued_at, expires_on,
        used_reference
    ) VALUES (
        redemption_id, buyer, wanted, new_code, new_token, 'issued', moment, last_day, ''
    ) RETURNING id INTO voucher_id;
    outcome := 'redeemed';
END $$;
"""
DROP = "DROP FUNCTION rewards_redeem(text, text, bigint, bigint, timestamptz, bigint, text, text)"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_cancelling"), ("ledger", "0010_spending_faster")]

    operations = [migrations.RunSQL(REDEEM, DROP)]
