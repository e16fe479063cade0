# spikeoff on a CPU, with the versions of constraints.txt.
#   docker build --tag spikeoff .
#   docker run --rm --volume "$PWD/runs:/races/runs" spikeoff compare
FROM python:3.11-slim AS build
WORKDIR /src
# Where pip finds a CPU build of torch; without it, pip takes the default build.
ARG PIP_EXTRA_INDEX_URL
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/spikeoff \
    && /opt/spikeoff/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
COPY --from=build /opt/spikeoff /opt/spikeoff
ENV PATH="/opt/spikeoff/bin:$PATH" \
    XDG_CACHE_HOME=/cache
RUN useradd --create-home --uid 1000 user \
    && mkdir -p /races/runs /cache && chown -R user /races /cache
# By its number, so that systems that refuse root know that it is not root.
USER 1000
WORKDIR /races
ENTRYPOINT ["spikeoff"]
CMD ["--help"]
