"""The owner says which column of a file is what, and keeps it under a name for the next one."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.errors import DomainError
from loyalty.purchases.imports import uploading
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.mapping import known_headers, remove_map, save_map
from loyalty.purchases.imports.maps import named, saved
from loyalty.purchases.imports.sampling import Sample, sample_from
from loyalty.purchases.models import Upload
from loyalty.sayings import say_again
from loyalty.shop.models import User
from loyalty.web.owner.imports import wake
from loyalty.web.owner.map_form import MapForm, SeparatorForm, answers_of, first_answers
from loyalty.web.shared.decorators import staff_required
from loyalty.web.shared.http import StaffRequest


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_required(User.Role.OWNER)
def page(request: StaffRequest, number: int) -> HttpResponse:
    """The columns of a file that was looked at, with their first values."""
    upload = get_object_or_404(Upload.objects.defer("content", "refused_rows"), pk=number)
    if upload.state not in uploading.LOOKED_AT or upload.sample is None:
        return redirect("owner:import", number)
    sample, about = sample_from(upload.sample), About(upload.about)
    if request.method != "POST":
        return _page(request, upload, _form(None, upload, sample, about))
    form = _form(request.POST.dict(), upload, sample, about)
    if not form.is_valid():
        return _page(request, upload, form, status=422)
    told: dict[str, Any] = {"at": timezone.now(), "by": request.user}
    try:
        answers = form.answers(separator=upload.separator)
        made = save_map(name=form.cleaned_data["name"], about=about, answers=answers, **told)
        uploading.read_again(upload_id=number, map_name=made.key, **told)
    except DomainError as error:
        form.add_error(None, str(error))
        return _page(request, upload, form, status=422)
    wake()
    return redirect("owner:import", number)


def _form(data: dict[str, str] | None, upload: Upload, sample: Sample, about: About) -> MapForm:
    known = known_headers(about)
    initial = first_answers(sample, about, known=known, file_name=upload.file_name)
    maps = list(saved(about))
    own = next((one for one in maps if one.key == upload.map_name), None)
    is_other = upload.state == Upload.State.ASKING  # A file with other columns than its map.
    if own is not None and data is None:
        said = answers_of(named(own.key, about), sample) | {"name": own.name}
        guessed = ("dates", "numbers") if is_other else ()
        initial |= {
            name: value
            for name, value in said.items()
            if name not in guessed and (value or not is_other)
        }
    others = {one.key for one in maps if is_other or one != own}
    return MapForm(data, sample=sample, about=about, others=others, initial=initial)


def _page(
    request: StaffRequest, upload: Upload, form: MapForm, *, status: int = 200
) -> HttpResponse:
    sign = form.sample.separator
    context = {
        "place": "imports",
        "upload": upload,
        "said": say_again(upload.said) if upload.map_name else "",
        "read_as": say_again(upload.read_as),
        "form": form,
        "signs": SeparatorForm.other_than(sign) if sign else None,
    }
    return render(request, "owner/import_columns.html", context, status=status)


@require_POST
@never_cache
@staff_required(User.Role.OWNER)
def split(request: StaffRequest, number: int) -> HttpResponse:
    """Let the columns of a file end at another sign."""
    get_object_or_404(Upload.objects.only("pk"), pk=number)
    form = SeparatorForm(request.POST)
    if form.is_valid():
        told: dict[str, Any] = {"at": timezone.now(), "by": request.user}
        try:
            uploading.read_again(upload_id=number, separator=form.sign(), **told)
        except uploading.Elsewhere:
            return redirect("owner:import", number)  # Which shows how far it is.
        wake()
    return redirect("owner:import", number)


@require_POST
@never_cache
@staff_required(User.Role.OWNER)
def forget(request: StaffRequest, number: int) -> HttpResponse:
    """A map is no longer offered; what came in by it stays."""
    remove_map(map_id=number)
    return redirect("owner:imports")
