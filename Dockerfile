# The image of the worker and of drainers: the project, at the versions of constraints.txt.
# The base is pinned by its tag; add its digest (…@sha256:…) as your registry shows it, to pin the bytes.
# checkov:skip=CKV_DOCKER_2:A worker and a drainer differ in what healthy means: the service says it.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /opt/keystone
COPY . .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint constraints.txt --editable .

FROM python:3.11.14-slim-bookworm
# Every run clones the commit that was deployed. The base's distribution, pinned above, pins git.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/keystone /opt/keystone
WORKDIR /opt/keystone
# The one place that is written to, so that all else can be read-only. A volume keeps the owner that it has here.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /scratch keystone \
    && install --directory --owner=keystone --group=keystone /scratch
VOLUME /scratch
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/scratch \
    HOME=/scratch \
    PREFECT_HOME=/scratch/prefect
USER 10001:10001
CMD ["prefect", "worker", "start", "--pool", "keystone", "--type", "process"]
