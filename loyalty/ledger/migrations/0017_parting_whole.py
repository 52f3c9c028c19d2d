from django.db import migrations

# As in 0013, but what goes back of each lot is known before the first one goes: what the merge used
# of one to repay the kept one's debt is taken from the others when it goes back, which must not
# lessen what goes back of those. The loop's query sees what was there when it began.
UNMERGE = """
CREATE OR REPLACE FUNCTION ledger_unmerge(
    kept bigint, duplicate bigint, ref text, why text, today date, zone text,
    known_at timestamptz, actor bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    carried record;
    going record;
BEGIN
    PERFORM ledger_lock(ARRAY[kept, duplicate]);
    PERFORM ledger_expire(kept, today, zone, known_at);
    UPDATE ledger_account a
        SET closed_at = NULL, active_until = greatest(a.active_until, (
            SELECT k.active_until FROM ledger_account k WHERE k.customer_id = kept
        ))
        WHERE a.customer_id = duplicate;
    -- The debt first: what it took comes back before anything else is taken.
    SELECT e.id, e.points INTO carried FROM ledger_entry e
        WHERE e.source = 'merge' AND e.reference = ref || ':debt:out' AND e.kind = 'merge';
    IF FOUND THEN
        PERFORM ledger_uncarry_debt(carried.id, kept, duplicate, ref, why, known_at, actor);
    END IF;
    FOR going IN
        SELECT DISTINCT ON (l.origin_id) l AS lot, (
            SELECT coalesce(sum(c.remaining), 0) + coalesce(sum((
                    SELECT sum(a.points)
                    FROM ledger_allocation a JOIN ledger_entry e ON e.id = a.entry_id
                    WHERE a.lot_id = c.id AND a.entry_id = c.entry_id
                        AND starts_with(e.reference, ref || ':')
                )), 0)
            FROM ledger_lot c WHERE c.account_id = kept AND c.origin_id = l.origin_id
        )::bigint AS back
        FROM ledger_lot l JOIN ledger_entry e ON e.id = l.entry_id
        WHERE l.account_id = kept AND e.kind = 'merge' AND e.reverses_id IS NULL
            AND starts_with(e.reference, ref || ':')
        ORDER BY l.origin_id, l.id
    LOOP
        CONTINUE WHEN going.back = 0;
        PERFORM ledger_carry(going.lot, going.back, duplicate, kept,
            ref || ':undo:' || (going.lot).id, why, (going.lot).entry_id, known_at, actor);
    END LOOP;
    PERFORM ledger_repay(kept, NULL);
    PERFORM ledger_expire(kept, today, zone, known_at);
    PERFORM ledger_expire(duplicate, today, zone, known_at);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0016_locks_in_order")]

    # Back: the function stays, it does the same, better.
    operations = [migrations.RunSQL(UNMERGE, migrations.RunSQL.noop)]
