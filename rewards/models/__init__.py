from rewards.models.bonuses import Welcomed
from rewards.models.catalogue import Redemption, Reward, Voucher
from rewards.models.referrals import Referral, ReferralCode

__all__ = ["Redemption", "Referral", "ReferralCode", "Reward", "Voucher", "Welcomed"]
