from django.db import migrations

# One credit for one customer, as a sale at the till earns it; ledger_credit adds many. The update
# of the account is its lock, its look and its move in one; whoever owed points repays them first.
EARN = """
CREATE FUNCTION ledger_earn(
    customer bigint, amount bigint, from_source text, ref text, version bigint, explained jsonb,
    first_day date, last_day date, moment timestamptz, known_at timestamptz, actor bigint,
    OUT entry_id bigint, OUT balance_after bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    place int;
BEGIN
    UPDATE ledger_account a
        SET balance = a.balance + amount, last_number = coalesce(a.last_number, 0) + 1
        WHERE a.customer_id = customer
        RETURNING a.balance, a.last_number INTO STRICT balance_after, place;
    INSERT INTO ledger_entry (
        account_id, number, kind, points, balance_after, source, reference, programme_version_id,
        explanation, reason, occurred_at, recorded_at, recorded_by_id
    ) VALUES (
        customer, place, 'earn', amount, balance_after, from_source, ref, version,
        explained, '', moment, known_at, actor
    ) RETURNING id INTO entry_id;
    INSERT INTO ledger_lot (entry_id, account_id, points, remaining, usable_from, expires_on)
        VALUES (entry_id, customer, amount, amount, first_day, last_day);
    IF balance_after < amount THEN
        PERFORM ledger_repay(customer, NULL);
    END IF;
END $$;
"""
DROP = """
DROP FUNCTION ledger_earn(
    bigint, bigint, text, text, bigint, jsonb, date, date, timestamptz, timestamptz, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_merging_verbs")]

    operations = [migrations.RunSQL(EARN, DROP)]
