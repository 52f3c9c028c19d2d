from django.db import migrations

# Plans inside the function are kept for as long as a connection lives. One that was made while a new
# shop had no redemption would read all of them from the first to the last, at every redemption, until
# the server next looks at the table.
BY_INDEX = """
ALTER FUNCTION rewards_redeem(text, text, bigint, bigint, timestamptz, bigint, text, text, text, text)
    SET enable_seqscan = off
"""
AS_BEFORE = """
ALTER FUNCTION rewards_redeem(text, text, bigint, bigint, timestamptz, bigint, text, text, text, text)
    RESET enable_seqscan
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0017_coupon_once_a_sale")]

    operations = [migrations.RunSQL(BY_INDEX, AS_BEFORE)]
