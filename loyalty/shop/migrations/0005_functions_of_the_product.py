from django.db import migrations

# Functions that write with the owner's rights were open to every role of the server, as PostgreSQL makes
# them: whoever may connect to this database could have given points. `roles.sql` sees to new ones.
CLOSE = """
DO $$
DECLARE
    verb regprocedure;
BEGIN
    FOR verb IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prosecdef
            AND pg_get_userbyid(proowner) = current_user
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', verb);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO loyalty_app', verb);
    END LOOP;
END $$;
REVOKE EXECUTE ON PROCEDURE shop_make_append_only(regclass), shop_make_changeable(regclass)
    FROM loyalty_app;
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_resting_triggers")]

    operations = [migrations.RunSQL(CLOSE, migrations.RunSQL.noop)]
