# One image for migrations, API and workers: docker-compose.yml says which it becomes.
FROM python:3.12-slim AS locked
WORKDIR /build
COPY locks/uv.txt locks/run.txt ./
# Two environments: the installer stays behind.
RUN python -m venv /installer \
 && /installer/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r uv.txt \
 && python -m venv --without-pip /venv \
 && /installer/bin/uv pip install --no-cache --python /venv/bin/python --require-hashes -r run.txt

FROM python:3.12-slim
COPY --from=locked /venv /venv
WORKDIR /srv/tracejudge
COPY app app
COPY workers workers
COPY migrations migrations
ENV PATH=/venv/bin:$PATH PYTHONPATH=/srv/tracejudge PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1
USER 10001:10001
EXPOSE 8080
CMD ["python", "-m", "app.cli", "--help"]
