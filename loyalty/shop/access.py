"""Which role may do what in the back office: decided here and nowhere else."""

from dataclasses import dataclass

from loyalty.shop.models import User

MANAGER, OWNER = User.Role.MANAGER, User.Role.OWNER
BOTH = frozenset({MANAGER, OWNER})
OWNERS = frozenset({OWNER})
NOBODY: frozenset[User.Role] = frozenset()


@dataclass(frozen=True)
class Access:
    """The roles that may see, change, add and delete rows of one model."""

    see: frozenset[User.Role]
    change: frozenset[User.Role] = NOBODY
    add: frozenset[User.Role] = NOBODY
    delete: frozenset[User.Role] = NOBODY


HISTORY = Access(see=BOTH)  # Written by the product alone, for everybody to check.

# A model that is not here is closed to everybody.
RULES: dict[str, Access] = {
    "shop.shop": Access(see=OWNERS, change=OWNERS),
    "shop.branch": Access(see=BOTH, change=OWNERS, add=OWNERS, delete=OWNERS),
    # Staff who leave are switched off, not deleted: their names stand in the history.
    "shop.user": Access(see=OWNERS, change=OWNERS, add=OWNERS),
    "shop.legalrule": Access(see=OWNERS, change=OWNERS, add=OWNERS),
    "programme.programmeversion": HISTORY,
    "customers.customer": Access(see=BOTH, change=BOTH),
    "customers.consent": HISTORY,
    "ledger.account": HISTORY,
    "ledger.entry": HISTORY,
    "ledger.adjustment": HISTORY,
    "ledger.freeze": HISTORY,
    "rewards.reward": Access(see=BOTH, change=BOTH, add=BOTH, delete=BOTH),
    "rewards.redemption": HISTORY,
    "rewards.voucher": HISTORY,
    # Switched off, not deleted: what it took off stands in the sales.
    "rewards.sharedvoucher": Access(see=BOTH, change=BOTH, add=BOTH),
    "rewards.voucheruse": HISTORY,
    "rewards.stampentry": HISTORY,
    "rewards.referral": Access(see=BOTH, change=BOTH),  # A held one waits for their word.
    "purchases.purchase": HISTORY,
    "campaigns.campaign": Access(see=BOTH, change=OWNERS),
    "campaigns.message": HISTORY,
    "care.merge": HISTORY,
    "reports.export": Access(see=OWNERS),
    "integrations.apikey": Access(see=OWNERS),
    # Ended, not deleted: what was sent there stands in the log.
    "integrations.endpoint": Access(see=OWNERS, change=OWNERS, add=OWNERS),
    "integrations.delivery": HISTORY,
}


def may(user: object, act: str, model: str) -> bool:
    """
    Whether the person may do `act` (see, change, add or delete) to rows of `model`, named as
    `app.model`. Only staff who are signed in and switched on may do anything.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    rule = RULES.get(model)
    return rule is not None and user.role in getattr(rule, act)
