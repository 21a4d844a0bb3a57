# The image of the worker and of drainers: what the deployments need, at the versions of constraints.txt.
# The tag pins the base image. To pin its bytes too, add the digest that your registry shows (…@sha256:…).
# checkov:skip=CKV_DOCKER_2:The health check of a worker differs from that of a drainer, so the service defines it.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /opt/keystone
COPY . .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint constraints.txt --editable '.[aws,charts]'

FROM python:3.11.14-slim-bookworm
# Every run clones the deployed commit. The base image's distribution pins the version of git.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/keystone /opt/keystone
WORKDIR /opt/keystone
# The only writable folder, so that all others can be read-only. A volume keeps this owner.
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
