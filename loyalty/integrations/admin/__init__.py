from loyalty.integrations.admin.keys import ApiKeyAdmin
from loyalty.integrations.admin.webhooks import DeliveryAdmin, EndpointAdmin

__all__ = ["ApiKeyAdmin", "DeliveryAdmin", "EndpointAdmin"]
