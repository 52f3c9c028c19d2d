from django.urls import path

from loyalty.web.portal import card, history, home, me, refer, rewards, rules, sign_in, vouchers

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-in/code", sign_in.code, name="code"),
    path("sign-in/again", sign_in.resend, name="resend"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("card", card.card, name="card"),
    path("history", history.history, name="history"),
    path("rewards", rewards.catalogue, name="rewards"),
    path("rewards/<slug:key>", rewards.redeem, name="redeem"),
    path("vouchers", vouchers.vouchers, name="vouchers"),
    path("vouchers/<int:voucher_id>", vouchers.voucher, name="voucher"),
    path("me", me.me, name="me"),
    path("me/profile", me.profile, name="profile"),
    path("me/consents", me.consents, name="consents"),
    path("refer", refer.page, name="refer"),
    path("terms", rules.terms, name="terms"),
]
