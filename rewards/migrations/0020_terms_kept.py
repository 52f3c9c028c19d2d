from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

# The vouchers that are out promise what their reward says today: nobody knows what it said before.
FILL = """
WITH kept AS (
    INSERT INTO rewards_terms (
        reward_id, name, name_en, description, description_en, kind, value_minor, percent,
        most_minor, minimum_minor, scope, branches
    )
    SELECT id, name, name_en, description, description_en, kind, value_minor, percent,
        most_minor, minimum_minor, scope, branches
    FROM rewards_reward ORDER BY id
    RETURNING id, reward_id
)
UPDATE rewards_reward r SET terms_id = kept.id FROM kept WHERE kept.reward_id = r.id;
UPDATE rewards_voucher v SET terms_id = r.terms_id FROM rewards_reward r WHERE r.id = v.reward_id;
UPDATE rewards_sharedvoucher v SET terms_id = r.terms_id
    FROM rewards_reward r WHERE r.id = v.reward_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""

# A voucher names its terms, and terms their reward: one key instead of two, at the same price.
HOLD = """
ALTER TABLE rewards_voucher ADD CONSTRAINT voucher_on_terms_of_its_reward
    FOREIGN KEY (terms_id, reward_id) REFERENCES rewards_terms (id, reward_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE rewards_sharedvoucher ADD CONSTRAINT shared_voucher_on_terms_of_its_reward
    FOREIGN KEY (terms_id, reward_id) REFERENCES rewards_terms (id, reward_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE rewards_reward ADD CONSTRAINT reward_on_its_own_terms
    FOREIGN KEY (terms_id, id) REFERENCES rewards_terms (id, reward_id)
    DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION rewards_keep_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (
        OLD.name, OLD.name_en, OLD.description, OLD.description_en, OLD.kind, OLD.value_minor,
        OLD.percent, OLD.most_minor, OLD.minimum_minor, OLD.scope, OLD.branches
    ) IS NOT DISTINCT FROM (
        NEW.name, NEW.name_en, NEW.description, NEW.description_en, NEW.kind, NEW.value_minor,
        NEW.percent, NEW.most_minor, NEW.minimum_minor, NEW.scope, NEW.branches
    ) THEN
        NEW.terms_id := OLD.terms_id;
        RETURN NEW;
    END IF;
    INSERT INTO rewards_terms (
        reward_id, name, name_en, description, description_en, kind, value_minor, percent,
        most_minor, minimum_minor, scope, branches
    ) VALUES (
        NEW.id, NEW.name, NEW.name_en, NEW.description, NEW.description_en, NEW.kind,
        NEW.value_minor, NEW.percent, NEW.most_minor, NEW.minimum_minor, NEW.scope, NEW.branches
    ) RETURNING id INTO NEW.terms_id;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_terms BEFORE INSERT OR UPDATE OF
        name, name_en, description, description_en, kind, value_minor, percent, most_minor,
        minimum_minor, scope, branches, terms_id
    ON rewards_reward FOR EACH ROW EXECUTE FUNCTION rewards_keep_terms();

CREATE TRIGGER never_changed BEFORE UPDATE ON rewards_terms
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
REVOKE UPDATE, TRUNCATE ON rewards_terms FROM loyalty_app;
"""
LET_GO = """
GRANT UPDATE ON rewards_terms TO loyalty_app;
DROP TRIGGER never_changed ON rewards_terms;
DROP TRIGGER keep_terms ON rewards_reward;
DROP FUNCTION rewards_keep_terms();
ALTER TABLE rewards_reward DROP CONSTRAINT reward_on_its_own_terms;
ALTER TABLE rewards_sharedvoucher DROP CONSTRAINT shared_voucher_on_terms_of_its_reward;
ALTER TABLE rewards_voucher DROP CONSTRAINT voucher_on_terms_of_its_reward;
"""

# As it was, but that the voucher names its terms, and the answer too.
BEFORE = import_module("rewards.migrations.0012_redeem_within_limits")
BY_INDEX = import_module("rewards.migrations.0018_redeem_by_index").BY_INDEX
ON_TERMS = (
    BEFORE.REDEEM.replace("OUT last_day date\n", "OUT last_day date, OUT terms bigint\n")
    .replace("expires_on, used_reference\n", "expires_on, used_reference, terms_id\n")
    .replace("last_day, ''\n", "last_day, '', reward.terms_id\n")
    .replace(
        "    outcome := 'redeemed';", "    terms := reward.terms_id;\n    outcome := 'redeemed';"
    )
)


class Migration(migrations.Migration):
    dependencies = [("rewards", "0019_terms"), ("shop", "0002_append_only")]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            "reward",
            "terms",
            models.ForeignKey(
                "rewards.terms",
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                db_index=False,
                db_constraint=False,
                db_default=models.Value(0),
                editable=False,
            ),
        ),
        *[
            migrations.AlterField(
                model,
                "terms",
                models.ForeignKey(
                    "rewards.terms",
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    db_index=False,
                    db_constraint=False,
                    editable=False,
                ),
            )
            for model in ("voucher", "sharedvoucher")
        ],
        migrations.AlterField(
            "voucher",
            "reward",
            models.ForeignKey(
                "rewards.reward",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vouchers",
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.AlterField(
            "sharedvoucher",
            "reward",
            models.ForeignKey(
                "rewards.reward",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shared",
                db_constraint=False,
                verbose_name="reward",
            ),
        ),
        migrations.RunSQL(HOLD, LET_GO),
        migrations.RunSQL(BEFORE.DROP, BEFORE.REDEEM + ";" + BY_INDEX),
        migrations.RunSQL(ON_TERMS + ";" + BY_INDEX, BEFORE.DROP),
    ]
