"""A till in thirty lines: python docs/till.py http://localhost:8000 KEY 0912345678 350000"""

import json
import sys
import time
import urllib.request
import uuid
from typing import Any


def ask(address: str, key: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and answer. Asked again, as the same request, until the server has said something."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = str(uuid.uuid4())  # One for the act, not one for each try.
    for wait in (1, 2, 4, 8, 0):
        request = urllib.request.Request(address + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.request.HTTPError as refusal:
            if "Retry-After" not in refusal.headers:
                return refusal.code, json.load(refusal)
            time.sleep(int(refusal.headers["Retry-After"]))
        except OSError:  # No line, or no answer: it may have counted, so it must be asked again.
            time.sleep(wait)
    raise SystemExit("The server does not answer. Keep the sale and send it later.")


if __name__ == "__main__":
    address, key, phone, total = sys.argv[1:]
    status, told = ask(address, key, "/api/v1/customers", {"phone": phone})
    customer = told["id"] if status == 201 else told["customer"]  # 409: a member already.
    sale = {"reference": str(uuid.uuid4()), "customer": customer, "total_minor": int(total)}
    status, told = ask(address, key, "/api/v1/purchases", sale)
    print(f"{told['points']['earned']} points, balance {told['balance']}")
