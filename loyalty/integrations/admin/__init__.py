from loyalty.integrations.admin.keys import ApiKeyAdmin

__all__ = ["ApiKeyAdmin"]
