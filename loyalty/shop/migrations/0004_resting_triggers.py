from django.db import migrations

# Foreign keys and constraint triggers look at one row at a time, which costs an import of a million
# rows more than all the rest. A verb that writes many rows may let them rest for its own INSERTs,
# where it proves the same of all its rows together before it returns. It needs an owner who may set
# the parameter (a superuser, or GRANT SET ON PARAMETER); with another nothing rests, and the same
# statements take longer. Whoever calls it runs it with their own rights, so the product's own role,
# which may not set it, gets nothing by calling it. An error puts everything back as it was.
CREATE = """
CREATE FUNCTION shop_rest_row_triggers(rest boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF has_parameter_privilege('session_replication_role', 'SET') THEN
        PERFORM set_config(
            'session_replication_role', CASE WHEN rest THEN 'replica' ELSE 'origin' END, true);
    END IF;
END $$;

-- What a foreign key does of one row, of all these at once: each parent is there, and stays.
CREATE FUNCTION shop_hold_parents(parent regclass, ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    wanted bigint[] := ARRAY(SELECT DISTINCT id FROM unnest(ids) AS i (id) WHERE id IS NOT NULL);
    found bigint;
BEGIN
    IF cardinality(wanted) = 0 THEN
        RETURN;
    END IF;
    EXECUTE format(
        'SELECT count(*) FROM (SELECT FROM %s WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE) AS held',
        parent) INTO found USING wanted;
    IF found <> cardinality(wanted) THEN
        RAISE EXCEPTION 'a row that is named is not in %', parent
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END $$;
"""
DROP = """
DROP FUNCTION shop_hold_parents(regclass, bigint[]);
DROP FUNCTION shop_rest_row_triggers(boolean);
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_legal_rules")]

    operations = [migrations.RunSQL(CREATE, DROP)]
