from importlib import import_module

from django.db import migrations

# As in 0020, in fewer statements, and what does not depend on the customer is read before their
# account is held.
REDEEM = """
CREATE OR REPLACE FUNCTION rewards_redeem(
    from_source text, ref text, customer bigint, wanted bigint, moment timestamptz, actor bigint,
    new_code text, new_token text, at_branch text, of_tier text,
    OUT outcome text, OUT name text, OUT redemption_id bigint, OUT voucher_id bigint,
    OUT entry_id bigint, OUT buyer bigint, OUT cost bigint, OUT usable bigint,
    OUT first_day date, OUT last_day date, OUT terms bigint
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_variable
DECLARE
    met record;
    reward record;
    today date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(from_source || '/redemption:' || ref, 0));
    SELECT s.time_zone AS zone, (moment AT TIME ZONE s.time_zone)::date AS today,
        EXISTS (SELECT FROM rewards_voucher v WHERE v.code = new_code) AS is_code_taken,
        k.id AS known_id, k.customer_id, k.reward_id
        INTO met
        FROM (VALUES (from_source, ref)) AS asked (source, reference)
        LEFT JOIN shop_shop s ON true
        LEFT JOIN rewards_redemption k USING (source, reference);
    buyer := ledger_hold_known(customer);
    IF met.known_id IS NOT NULL THEN
        redemption_id := met.known_id;
        outcome := CASE WHEN met.customer_id = buyer AND met.reward_id = wanted THEN 'known'
            ELSE 'another' END;
        RETURN;
    END IF;
    SELECT r.* INTO reward FROM rewards_reward r WHERE r.id = wanted FOR KEY SHARE;
    IF reward.stock IS NOT NULL OR reward.most_total IS NOT NULL THEN
        SELECT r.* INTO reward FROM rewards_reward r WHERE r.id = wanted FOR NO KEY UPDATE;
    END IF;
    today := met.today;
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
            <= rewards_had(buyer, wanted, reward.most_per, today, met.zone) THEN 'too often'
        WHEN met.is_code_taken THEN 'code taken'
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
        expires_on, used_reference, terms_id
    ) VALUES (
        redemption_id, buyer, wanted, new_code, new_token, 'issued', moment, first_day,
        last_day, '', reward.terms_id
    ) RETURNING id INTO voucher_id;
    terms := reward.terms_id;
    outcome := 'redeemed';
END $$;
"""

BEFORE = import_module("rewards.migrations.0020_terms_kept")
HOLD = import_module("rewards.migrations.0012_redeem_within_limits").HOLD


class Migration(migrations.Migration):
    dependencies = [("rewards", "0021_stocked"), ("ledger", "0018_hold_without_opening")]

    operations = [
        migrations.RunSQL(
            REDEEM,
            BEFORE.ON_TERMS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
            + ";"
            + BEFORE.BY_INDEX,
        ),
        migrations.RunSQL("DROP FUNCTION rewards_hold(bigint)", HOLD),
    ]
