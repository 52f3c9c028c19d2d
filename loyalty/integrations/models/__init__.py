from loyalty.integrations.models.programs import Answer, ApiKey

__all__ = ["Answer", "ApiKey"]
