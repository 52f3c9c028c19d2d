from django.db import migrations

# Spending stops reading lots once the cost is covered, which is of use only when they come in
# their order out of the index. The planner expects a few lots a customer, so it would read all
# and sort them: 6 ms instead of 0.4 for a customer with 10,000.
ORDERED = "ALTER FUNCTION ledger_debit SET enable_sort = off"
AS_BEFORE = "ALTER FUNCTION ledger_debit RESET enable_sort"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_adjustments")]

    operations = [migrations.RunSQL(ORDERED, AS_BEFORE)]
