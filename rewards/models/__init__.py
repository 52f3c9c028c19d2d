from rewards.models.bonuses import Welcomed
from rewards.models.catalogue import Reward
from rewards.models.pictures import Picture
from rewards.models.referrals import Referral, ReferralCode
from rewards.models.shared import SharedVoucher, VoucherUse
from rewards.models.stamps import StampEntry
from rewards.models.terms import Promised, Terms
from rewards.models.vouchers import Redemption, Voucher

__all__ = [
    "Picture",
    "Promised",
    "Redemption",
    "Referral",
    "ReferralCode",
    "Reward",
    "SharedVoucher",
    "StampEntry",
    "Terms",
    "Voucher",
    "VoucherUse",
    "Welcomed",
]
