import django.db.models.deletion
from django.db import migrations, models

# What is carried from one account to another: by entries of a kind of their own, a lot at a time.
# A lot that continues another one's says so, and never otherwise.
GUARDS = """
CREATE OR REPLACE FUNCTION ledger_guard_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.entry_id, NEW.account_id, NEW.points, NEW.usable_from, NEW.expires_on,
            NEW.origin_id)
            IS DISTINCT FROM
            (OLD.id, OLD.entry_id, OLD.account_id, OLD.points, OLD.usable_from, OLD.expires_on,
            OLD.origin_id)
        OR (NEW.remaining <> OLD.remaining AND pg_trigger_depth() < 2)
        OR (NEW.ended_on IS DISTINCT FROM OLD.ended_on
            AND (OLD.ended_on IS NOT NULL OR NEW.remaining > 0))
    THEN
        RAISE EXCEPTION 'ledger_lot moves only by allocations'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""

# At commit every entry is backed, as in 0005. New: what is given back of an entry of a merged
# account comes into a lot of its own; a merge may leave a debt, for it carries one.
BACKING = """
CREATE OR REPLACE FUNCTION ledger_check_backing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved bigint;
    owed record;
BEGIN
    SELECT points, floor INTO owed FROM ledger_debt
        WHERE entry_id = NEW.id AND account_id = NEW.account_id;
    IF NEW.points > 0 THEN
        SELECT points INTO moved FROM ledger_lot
            WHERE entry_id = NEW.id AND account_id = NEW.account_id;
    END IF;
    IF NEW.points < 0 OR (moved IS NULL AND NEW.kind = 'reverse') THEN
        SELECT coalesce(-sum(a.points), 0) INTO moved
            FROM ledger_allocation a JOIN ledger_lot l ON l.id = a.lot_id
            WHERE a.entry_id = NEW.id AND a.debt_id IS NULL AND l.account_id = NEW.account_id;
    END IF;
    IF moved - coalesce(owed.points, 0) IS DISTINCT FROM NEW.points
        OR (owed.points > 0
            AND (NEW.kind NOT IN ('reverse', 'merge') OR NEW.balance_after < owed.floor))
    THEN
        RAISE EXCEPTION 'ledger_entry % of % points is not backed by lots', NEW.id, NEW.points
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind = 'reverse' THEN
        PERFORM ledger_check_reversal(NEW.reverses_id, NEW.account_id);
    END IF;
    RETURN NULL;
END $$;

-- Of one entry: each reversal has the other sign, all together are no more than it was, and no
-- lot is given more back than was taken from it, be it into that lot or into one that continues it.
-- A reversal stands on the entry's own account, or on that of one its customer was merged into.
CREATE OR REPLACE FUNCTION ledger_check_reversal(reversed bigint, account bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    origin ledger_entry;
BEGIN
    SELECT * INTO origin FROM ledger_entry WHERE id = reversed;
    IF NOT EXISTS (
        SELECT FROM ledger_entry r WHERE r.reverses_id = reversed AND r.kind = 'reverse'
        HAVING bool_and(sign(r.points) = -sign(origin.points))
            AND abs(sum(r.points)) <= abs(origin.points)
    ) OR (origin.account_id <> account AND NOT EXISTS (
        SELECT FROM customers_customer c
        WHERE c.id = origin.account_id AND c.merged_into_id = account
    )) OR (origin.points < 0 AND EXISTS (
        SELECT FROM (
            SELECT coalesce(l.origin_id, l.id) AS lot_id, a.points
            FROM ledger_allocation a
            JOIN ledger_entry e ON e.id = a.entry_id
            JOIN ledger_lot l ON l.id = a.lot_id
            WHERE (e.id = reversed OR (e.reverses_id = reversed AND e.kind = 'reverse'))
                AND a.debt_id IS NULL
            UNION ALL
            SELECT coalesce(l.origin_id, l.id), -l.points
            FROM ledger_entry e JOIN ledger_lot l ON l.entry_id = e.id
            WHERE e.reverses_id = reversed AND e.kind = 'reverse'
        ) AS moved
        GROUP BY lot_id HAVING sum(points) < 0
    )) THEN
        RAISE EXCEPTION 'ledger_entry % is reversed by more than it was', reversed
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0011_inactivity")]

    # No way back, as 0005.
    operations = [
        migrations.AddField(
            model_name="lot",
            name="origin",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="continued_by",
                to="ledger.lot",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("origin__isnull", False)),
                fields=["origin"],
                name="lot_of_origin",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("earn", "Earned"),
                    ("redeem", "Redeemed"),
                    ("expire", "Expired"),
                    ("adjust", "Adjusted"),
                    ("reverse", "Reversed"),
                    ("merge", "Carried over"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.RemoveConstraint(model_name="entry", name="entry_sign_matches_kind"),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "earn"), ("points__gt", 0)),
                    models.Q(("kind__in", ["redeem", "expire"]), ("points__lt", 0)),
                    models.Q(
                        ("kind__in", ["adjust", "reverse", "merge"]),
                        models.Q(("points", 0), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="entry_sign_matches_kind",
            ),
        ),
        migrations.RemoveConstraint(model_name="entry", name="entry_reverse_names_its_entry"),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "merge"),
                    models.Q(("kind", "reverse"), ("reverses__isnull", False)),
                    models.Q(
                        models.Q(("kind", "reverse"), _negated=True), ("reverses__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="entry_reverse_names_its_entry",
            ),
        ),
        migrations.RunSQL(GUARDS + BACKING),
    ]
