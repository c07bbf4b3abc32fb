"""A caller that uses openapi-python-client's client. It passes mypy --strict and prints a line for each answer."""

import json
import os
import uuid
from typing import Any

from gateway_api import AuthenticatedClient
from gateway_api.api.orders import create_order, get_order
from gateway_api.models.created_order import CreatedOrder
from gateway_api.models.delivery_checkout import DeliveryCheckout
from gateway_api.models.order_in_progress import OrderInProgress
from gateway_api.models.order_succeeded import OrderSucceeded
from gateway_api.models.pickup_checkout import PickupCheckout
from gateway_api.models.shipping_snapshot import ShippingSnapshot
from gateway_api.types import Response, Unset


def client_of(key: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=os.environ["GATEWAY_URL"], token=key)


client = client_of(os.environ["GATEWAY_KEY"])


def delivery(lat: float = 10.5) -> DeliveryCheckout:
    place = ShippingSnapshot(address="1 Example Street", lat=lat, lng=106.25)
    place["entrance"] = {"floor": 4}
    return DeliveryCheckout(
        fulfillment_method="DELIVERY",
        shipping_snapshot=place,
        customer_id=uuid.uuid4(),
        quote_id=f"quote-{uuid.uuid4()}",
        customer_note="Ring twice.",
    )


def pickup() -> PickupCheckout:
    return PickupCheckout(fulfillment_method="PICKUP", customer_id=uuid.uuid4(), quote_id=f"quote-{uuid.uuid4()}")


def tell(what: str, response: Response[Any], seen: dict[str, object]) -> None:
    replayed = response.headers.get("Idempotent-Replayed") == "true"
    retry_after = "Retry-After" in response.headers
    print(json.dumps({"what": what, "status": int(response.status_code), "replayed": replayed, "retryAfter": retry_after, "seen": seen}))


def place_order(
    what: str, body: DeliveryCheckout | PickupCheckout, key: str, prefer: str = "wait=20", by: AuthenticatedClient = client
) -> None:
    response = create_order.sync_detailed(client=by, body=body, idempotency_key=key, prefer=prefer)
    answer = response.parsed
    assert answer is not None, response
    seen: dict[str, object]
    if isinstance(answer, CreatedOrder):
        seen = {
            "order_id": str(answer.order_id),
            "ridendine_order_id": answer.ridendine_order_id,
            "payment_session_id": answer.payment_session_id,
        }
    elif isinstance(answer, OrderInProgress):
        seen = {"state": answer.state, "stage": answer.stage.value}
    else:
        seen = {"status": int(answer.status), "code": answer.code.value, "retryable": answer.retryable}
        if not isinstance(answer.problems, Unset):
            seen["problems"] = [{"field": problem.field, "code": problem.code.value} for problem in answer.problems]
    tell(what, response, seen)


def look(what: str, key: uuid.UUID) -> None:
    response = get_order.sync_detailed(key=key, client=client)
    answer = response.parsed
    assert answer is not None, response
    if isinstance(answer, OrderSucceeded):
        tell(what, response, {"state": answer.state, "payment_session_id": answer.payment_session_id})
    elif isinstance(answer, OrderInProgress):
        tell(what, response, {"state": answer.state})
    else:
        tell(what, response, {"code": getattr(answer, "code").value})


key, checkout = uuid.uuid4(), delivery()
place_order("delivery", checkout, str(key))
place_order("again", checkout, str(key))
place_order("pickup", pickup(), f'"{uuid.uuid4()}"')
place_order("unwaited", delivery(), str(uuid.uuid4()), prefer="wait=0")
place_order("off the map", delivery(lat=91), str(uuid.uuid4()))
place_order("stranger", pickup(), str(uuid.uuid4()), by=client_of("nobody"))
look("look", key)
look("unknown", uuid.uuid4())
