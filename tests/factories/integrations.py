"""Keys of other programs."""

from datetime import datetime

from loyalty.integrations.keys import NewKey, create_key
from loyalty.integrations.models import ApiKey
from loyalty.shop.models import Branch
from tests.factories.clock import NOON

ALL_SCOPES = tuple(ApiKey.Scope.values)


def api_key(
    *scopes: str,
    name: str = "Quầy 1",
    branch: Branch | None = None,
    expires_at: datetime | None = None,
    adjust_limit: int = 500,
) -> NewKey:
    """A key that may do everything, or only what is named."""
    return create_key(
        name=name,
        scopes=scopes or ALL_SCOPES,
        branch=branch,
        expires_at=expires_at,
        adjust_limit=adjust_limit,
        at=NOON,
    )
