from django.db import migrations

# Who brought whom is history, and points are paid for it: nobody deletes it, gives the friend to
# another member, or takes a step back to be paid twice.
CREATE = """
CREATE FUNCTION rewards_guard_referral() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.friend_id, OLD.referrer_id, OLD.referred_at, OLD.referred_on)
        IS DISTINCT FROM (NEW.friend_id, NEW.referrer_id, NEW.referred_at, NEW.referred_on)
    THEN
        RAISE EXCEPTION 'rewards_referral: who brought whom never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('open', 'held'), ('open', 'due'), ('open', 'refused'),
        ('held', 'open'), ('held', 'due'), ('held', 'refused'),
        ('due', 'paid'), ('due', 'refused'), ('paid', 'taken_back'))
    THEN
        RAISE EXCEPTION 'rewards_referral: no step from % to %', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.paid_at IS NOT NULL
        AND (OLD.paid_at, OLD.referrer_entry_id, OLD.friend_entry_id)
        IS DISTINCT FROM (NEW.paid_at, NEW.referrer_entry_id, NEW.friend_entry_id)
    THEN
        RAISE EXCEPTION 'rewards_referral: what was paid never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER referral_steps BEFORE UPDATE ON rewards_referral
    FOR EACH ROW EXECUTE FUNCTION rewards_guard_referral();
CREATE TRIGGER referral_kept BEFORE DELETE ON rewards_referral
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER referral_kept_truncate BEFORE TRUNCATE ON rewards_referral
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
REVOKE DELETE, TRUNCATE ON rewards_referral FROM loyalty_app;
"""
DROP = """
DROP TRIGGER referral_kept_truncate ON rewards_referral;
DROP TRIGGER referral_kept ON rewards_referral;
DROP TRIGGER referral_steps ON rewards_referral;
DROP FUNCTION rewards_guard_referral();
GRANT DELETE ON rewards_referral TO loyalty_app;
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0004_referrals"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
