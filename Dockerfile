# Danpa as one container: the supervisor and its processes, one volume that holds the station.
#
#   docker build -t danpa .
#   docker run --rm -v danpa:/var/lib/danpa danpa init        once, prints the first key
#   docker run -d --init -v danpa:/var/lib/danpa -p 127.0.0.1:8000:8000 danpa
#
# tests/integration/test_dockerfile.py runs these same steps, without Docker, in an empty environment.

FROM python:3.13-slim

# The packages come from the lock file that every other installation uses, as wheels with known hashes.
WORKDIR /opt/danpa
COPY requirements/run.txt requirements/run.txt
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary=:all: -r requirements/run.txt

COPY LICENSE NOTICE ./
COPY schedules schedules
COPY audio audio
COPY app app

# Fixed numbers, so that a volume made by one image belongs to the same user in the next.
RUN groupadd --gid 10001 danpa \
 && useradd --uid 10001 --gid danpa --home-dir /var/lib/danpa --no-create-home --shell /usr/sbin/nologin danpa \
 && install --directory --owner=danpa --group=danpa --mode=0750 /var/lib/danpa
USER 10001:10001

ENV PYTHONPATH=/opt/danpa \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DANPA_HOME=/var/lib/danpa \
    DANPA_HOST=0.0.0.0 \
    DANPA_PORT=8000

VOLUME /var/lib/danpa
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.environ['DANPA_PORT']}/health/live\", timeout=4)"]

ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
