from django.urls import path

from loyalty.web.counter import (
    branches,
    done,
    enrolling,
    finding,
    mailbox,
    redeeming,
    sale,
    sign_in,
    vouchers,
)

app_name = "counter"

urlpatterns = [
    path("", sale.sale, name="sale"),
    path("find", finding.find, name="find"),
    path("preview", sale.preview, name="preview"),
    path("enrol", enrolling.enrol, name="enrol"),
    path("done/<int:purchase_id>", done.done, name="done"),
    path("vouchers/<int:voucher_id>", vouchers.voucher, name="voucher"),
    path("redeem/<int:customer_id>/<slug:key>", redeeming.redeem, name="redeem"),
    path("branch", branches.choose_branch, name="branch"),
    path("mailbox/", mailbox.mailbox, name="mailbox"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
]
