"""The messages of two rows of one person: nobody hears twice what is sent once."""

from campaigns.gate import Rule
from campaigns.models import Message

State = Message.State
_WAITING = (State.QUEUED, State.CLAIMED)
_GONE = (State.CALLING, State.SENT, State.UNKNOWN)


def move_messages(*, kept_id: int, duplicate_id: int) -> list[int]:
    """
    Make the duplicate's messages the kept one's and return which. Of two for one occasion and
    channel one goes out, or has gone: the other is blocked. Sign-in codes stay: they go to the
    phone they were asked for by.
    """
    theirs = Message.objects.filter(customer_id=duplicate_id).exclude(
        message_class=Message.Class.SERVICE
    )
    own = {
        (message.occasion, message.channel): message
        for message in Message.objects.filter(customer_id=kept_id)
    }
    moved = []
    for message in theirs.order_by("pk"):
        twin = own.get((message.occasion, message.channel))
        if twin is None:
            moved.append(message.pk)
        elif message.state in _WAITING:
            _block(message)
        elif message.state in _GONE:
            _block(twin)
    Message.objects.filter(pk__in=moved).update(customer_id=kept_id)
    return moved


def move_back(*, kept_id: int, duplicate_id: int, rows: list[int]) -> None:
    """Make these messages the duplicate's again. What was blocked stays so."""
    Message.objects.filter(pk__in=rows, customer_id=kept_id).update(customer_id=duplicate_id)


def _block(message: Message) -> None:
    Message.objects.filter(pk=message.pk, state__in=_WAITING).update(
        state=State.BLOCKED, detail=Rule.MERGED, leased_until=None
    )
