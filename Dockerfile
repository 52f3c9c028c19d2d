FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/app/staticfiles
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
    --require-hashes -r requirements.txt

COPY . .
# The settings refuse to load without these two; the build needs no secret and no database.
RUN python scripts/messages.py compile \
    && SECRET_KEY=$(python -c 'print("x" * 50)') DATABASE_URL=postgres://nobody@localhost/none \
       python manage.py collectstatic --noinput --verbosity=0

RUN useradd --system --uid 10001 --no-create-home loyalty
USER loyalty

EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "scripts/healthy.py"]
CMD ["gunicorn", "loyalty.wsgi:application", "--bind=0.0.0.0:8000", "--worker-class=gthread", \
     "--workers=2", "--threads=4", "--worker-tmp-dir=/dev/shm", "--no-control-socket", "--access-logfile=-"]
