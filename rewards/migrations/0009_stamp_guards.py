from django.db import migrations

# Stamps are a promise of a reward: append-only, and each entry follows on the one before it.
CREATE = """
CALL shop_make_append_only('rewards_stampentry');

CREATE FUNCTION rewards_chain_stamps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before record;
BEGIN
    SELECT e.number, e.stamps_after INTO before FROM rewards_stampentry e
        WHERE e.customer_id = NEW.customer_id AND e.card = NEW.card
        ORDER BY e.number DESC LIMIT 1;
    IF (NEW.number, NEW.stamps_after) IS DISTINCT FROM
        (coalesce(before.number, 0) + 1, coalesce(before.stamps_after, 0) + NEW.stamps)
    THEN
        RAISE EXCEPTION 'rewards_stampentry: entry % of card % does not follow on %',
            NEW.number, NEW.card, coalesce(before.number, 0)
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stamps_chain BEFORE INSERT ON rewards_stampentry
    FOR EACH ROW EXECUTE FUNCTION rewards_chain_stamps();
"""
DROP = """
DROP TRIGGER stamps_chain ON rewards_stampentry;
DROP FUNCTION rewards_chain_stamps();
CALL shop_make_changeable('rewards_stampentry');
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0008_stamps"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
