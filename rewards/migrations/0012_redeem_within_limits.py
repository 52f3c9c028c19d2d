from importlib import import_module

from django.db import migrations

# As in 0003, and within the limits of the catalogue. Their order is that of rewards.availability,
# which says the same to screens; a test holds both together. `outcome` is why nothing was written,
# or 'redeemed', or 'whose tier': the reward asks for one, so call again and say which tier the
# customer has. A customer who never had points has no account; the refusal opens none.
#
# The reward's row is shared at once, as the foreign key would do in the end: who changes a limit
# waits for those who redeem, and they for him. Only a count needs the row for oneself.
REDEEM = """
CREATE FUNCTION rewards_redeem(
    from_source text, ref text, customer bigint, wanted bigint, moment timestamptz, actor bigint,
    new_code text, new_token text, at_branch text, of_tier text,
    OUT outcome text, OUT name text, OUT redemption_id bigint, OUT voucher_id bigint,
    OUT entry_id bigint, OUT buyer bigint, OUT cost bigint, OUT usable bigint,
    OUT first_day date, OUT last_day date
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    reward record;
    zone text;
    today date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(from_source || '/redemption:' || ref, 0));
    buyer := rewards_hold(customer);
    SELECT r.id, CASE WHEN r.customer_id = buyer AND r.reward_id = wanted THEN 'known'
            ELSE 'another' END
        INTO redemption_id, outcome
        FROM rewards_redemption r WHERE r.source = from_source AND r.reference = ref;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT r.* INTO reward FROM rewards_reward r WHERE r.id = wanted FOR KEY SHARE;
    IF reward.stock IS NOT NULL OR reward.most_total IS NOT NULL THEN
        SELECT r.* INTO reward FROM rewards_reward r WHERE r.id = wanted FOR NO KEY UPDATE;
    END IF;
    SELECT s.time_zone, (moment AT TIME ZONE s.time_zone)::date INTO zone, today FROM shop_shop s;
    name := reward.name;
    cost := reward.cost_points;
    first_day := CASE WHEN reward.usable_after_days > 0 THEN today + reward.usable_after_days END;
    last_day := coalesce(reward.valid_until, today + reward.validity_days);
    outcome := CASE
        WHEN today IS NULL THEN 'no shop'
        WHEN reward.is_active IS NOT TRUE THEN 'retired'
        WHEN today > reward.ends_on OR last_day < coalesce(first_day, today) THEN 'over'
        WHEN reward.stock = 0 THEN 'sold out'
        WHEN reward.redeemed_total >= reward.most_total THEN 'all redeemed'
        WHEN of_tier IS NULL AND (reward.tiers <> '{}' OR (
            today < reward.starts_on AND reward.early_tiers <> '{}'
        )) THEN 'whose tier'
        WHEN reward.tiers <> '{}' AND of_tier <> ALL (reward.tiers) THEN 'other tier'
        WHEN today < reward.starts_on - CASE WHEN of_tier = ANY (reward.early_tiers)
            THEN reward.early_days ELSE 0 END THEN 'not yet'
        WHEN reward.branches <> '{}' AND at_branch <> ALL (reward.branches) THEN 'other branch'
        WHEN reward.most_per_customer IS NOT NULL AND reward.most_per_customer
            <= rewards_had(buyer, wanted, reward.most_per, today, zone) THEN 'too often'
        WHEN EXISTS (SELECT FROM rewards_voucher v WHERE v.code = new_code) THEN 'code taken'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM ledger_account a WHERE a.customer_id = buyer) THEN
        outcome := 'too few';
        usable := 0;
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
    IF reward.stock IS NOT NULL OR reward.most_total IS NOT NULL THEN
        UPDATE rewards_reward r
            SET stock = r.stock - 1, redeemed_total = r.redeemed_total + 1 WHERE r.id = wanted;
    END IF;
    INSERT INTO rewards_redemption (
        customer_id, reward_id, entry_id, source, reference, cost_points, redeemed_at
    ) VALUES (buyer, wanted, entry_id, from_source, ref, cost, moment)
    RETURNING id INTO redemption_id;
    INSERT INTO rewards_voucher (
        redemption_id, customer_id, reward_id, code, token, state, issued_at, usable_from,
        expires_on, used_reference
    ) VALUES (
        redemption_id, buyer, wanted, new_code, new_token, 'issued', moment, first_day,
        last_day, ''
    ) RETURNING id INTO voucher_id;
    outcome := 'redeemed';
END $$;
"""

# Who is meant by a customer's number, with the account locked where there is one.
HOLD = """
CREATE FUNCTION rewards_hold(customer bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    meant bigint;
BEGIN
    PERFORM FROM ledger_account a WHERE a.customer_id = customer;
    IF NOT FOUND THEN
        SELECT coalesce(c.merged_into_id, c.id) INTO meant
            FROM customers_customer c WHERE c.id = customer;
        PERFORM FROM ledger_account a WHERE a.customer_id = meant;
        IF NOT FOUND THEN
            RETURN meant;
        END IF;
    END IF;
    RETURN (SELECT h.kept FROM ledger_hold(customer) AS h);
END $$;
"""

# How often a customer has redeemed a reward in the day, week (from Monday), month or year around
# that day of the shop, or ever; what was cancelled does not count.
HAD = """
CREATE FUNCTION rewards_had(customer bigint, wanted bigint, per text, today date, zone text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    start timestamp := CASE WHEN per <> 'ever' THEN date_trunc(per, today::timestamp) END;
BEGIN
    RETURN (
        SELECT count(*) FROM rewards_redemption r
        WHERE r.customer_id = customer AND r.reward_id = wanted AND r.cancelling_entry_id IS NULL
            AND (start IS NULL OR (
                r.redeemed_at >= start AT TIME ZONE zone
                AND r.redeemed_at < (start + ('1 ' || per)::interval) AT TIME ZONE zone
            ))
    );
END $$;
"""
BEFORE = import_module("rewards.migrations.0003_redeem")
DROP = """
DROP FUNCTION rewards_redeem(
    text, text, bigint, bigint, timestamptz, bigint, text, text, text, text
)
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0011_catalogue_limits"), ("ledger", "0016_locks_in_order")]

    operations = [
        migrations.RunSQL(HOLD, "DROP FUNCTION rewards_hold(bigint)"),
        migrations.RunSQL(HAD, "DROP FUNCTION rewards_had(bigint, bigint, text, date, text)"),
        migrations.RunSQL(BEFORE.DROP, BEFORE.REDEEM),
        migrations.RunSQL(REDEEM, DROP),
    ]
