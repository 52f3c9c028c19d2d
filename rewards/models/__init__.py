from rewards.models.bonuses import Welcomed
from rewards.models.catalogue import Redemption, Reward, Voucher
from rewards.models.referrals import Referral, ReferralCode
from rewards.models.stamps import StampEntry

__all__ = [
    "Redemption",
    "Referral",
    "ReferralCode",
    "Reward",
    "StampEntry",
    "Voucher",
    "Welcomed",
]
