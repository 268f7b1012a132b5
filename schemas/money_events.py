"""The events that move money, each with a posting of its own in the county's posting table."""

from enum import StrEnum


class MoneyEvent(StrEnum):
    """What moves money. A change of an award is an increase or a reduction, by its difference."""

    GRANT_AWARDED = "grant.awarded"
    GRANT_INCREASED = "grant.increased"
    GRANT_REDUCED = "grant.reduced"
    PAYMENT_BOOKED = "payment.booked"
    PAYMENT_RETURNED = "payment.returned"
    PAYMENT_RETURN_CHARGED = "payment.return_charged"
    RECOVERY_CLAIMED = "recovery.claimed"
    RECOVERY_INTEREST_CLAIMED = "recovery.interest_claimed"
    RECOVERY_LATE_INTEREST_CLAIMED = "recovery.late_interest_claimed"
    RECOVERY_OVERPAID = "recovery.overpaid"
    RECOVERY_SET_OFF = "recovery.set_off"
    RECOVERY_RECEIVED = "recovery.received"
    RECOVERY_WRITTEN_OFF = "recovery.written_off"
