from django.db import migrations

# History is kept by the database itself, so that no admin action, shell session or future
# code path can rewrite it. Each floor hangs these on its own append-only tables. TRUNCATE
# needs a trigger of its own; the tests' flush turns triggers off for its session.
CREATE = """
CREATE FUNCTION shop_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE PROCEDURE shop_make_append_only(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s
         FOR EACH ROW EXECUTE FUNCTION shop_refuse_change()', target);
    EXECUTE format(
        'CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s
         FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change()', target);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM loyalty_app', target);
END $$;
REVOKE EXECUTE ON PROCEDURE shop_make_append_only(regclass) FROM PUBLIC;

CREATE PROCEDURE shop_make_changeable(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TRIGGER append_only ON %s', target);
    EXECUTE format('DROP TRIGGER append_only_truncate ON %s', target);
    EXECUTE format('GRANT UPDATE, DELETE ON %s TO loyalty_app', target);
END $$;
REVOKE EXECUTE ON PROCEDURE shop_make_changeable(regclass) FROM PUBLIC;
"""
DROP = """
DROP PROCEDURE shop_make_changeable(regclass);
DROP PROCEDURE shop_make_append_only(regclass);
DROP FUNCTION shop_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
