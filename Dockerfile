# Two stages: one builds an environment from the hash-locked requirements, the other holds only it.
# The models are part of the package, so that the image needs no network. `make try-image` performs
# these steps without Docker.
FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /srv/answerable
ENV PATH=/srv/answerable/bin:$PATH

WORKDIR /src
COPY requirements/build.lock requirements/mcp.lock requirements/
RUN pip install --quiet --no-deps --require-hashes -r requirements/build.lock -r requirements/mcp.lock
COPY . .
RUN pip install --quiet --no-deps --no-build-isolation . && pip uninstall --quiet --yes setuptools


FROM python:3.11-slim

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin answerable \
    && install --directory --mode=700 --owner=answerable /data
COPY --from=build /srv/answerable /srv/answerable

ENV PATH=/srv/answerable/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ANSWERABLE_INDEX=/data

USER answerable
WORKDIR /data
VOLUME /data
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health/live', timeout=2)"]

# Refuses to start without keys until told so: docker run -e ANSWERABLE_INSECURE_OPEN=1 -p 127.0.0.1:8080:8080 ...
# MCP instead: docker run -i ... answerable mcp
CMD ["answerable", "serve", "--host", "0.0.0.0", "--port", "8080"]
