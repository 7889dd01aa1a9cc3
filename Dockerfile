# Images of the three worker roles, one target each:
#
#   docker build --target control -t echoloop-control .
#   docker build --target io -t echoloop-io .
#   docker build --target compute -t echoloop-compute .                           native TensorFlow on the processor
#   docker build --target compute --build-arg CUDA=1 -t echoloop-compute-cuda .   with its CUDA libraries (3 GB more)
#
# Where Temporal and the object store are comes from the environment (docs/operating.md). No secret is part of an image.
ARG NODE_VERSION=20.20

# The package: sources compiled, workflow code bundled.
FROM node:${NODE_VERSION}-bookworm AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

# The package as it is installed: exactly the versions of package-lock.json, nothing that only development needs.
FROM node:${NODE_VERSION}-bookworm AS installed
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY --from=build /build/dist dist
COPY cli/echoloop.mjs cli/
COPY examples examples

# TensorFlow's own libraries and the addon over them; pip fetches the one, the compiler of this image builds the other.
FROM installed AS tensors
ARG CUDA=
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3-pip \
    && rm -rf /var/lib/apt/lists/*
ENV ECHOLOOP_CACHE=/opt/echoloop
RUN node cli/echoloop.mjs setup ${CUDA:+--cuda} --tensors

FROM node:${NODE_VERSION}-bookworm-slim AS worker
ENV NODE_ENV=production ECHOLOOP_HOME=/data
# Temporal's native client takes the system's certificates, which slim images lack; Node brings its own.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
# The cache of artefacts; losing it costs time alone.
RUN install --directory --owner=node --group=node /data
VOLUME /data
USER node
WORKDIR /data
# SIGTERM drains the worker: give it half a minute (docker stop --time 30).
ENTRYPOINT ["node", "/app/cli/echoloop.mjs", "worker", "--role"]

FROM worker AS control
COPY --from=installed /app /app
CMD ["control"]

FROM worker AS io
COPY --from=installed /app /app
CMD ["io"]

FROM worker AS compute
ARG CUDA=
# A CUDA image that finds no GPU ends with an error instead of training a hundred times slower.
ENV ECHOLOOP_CACHE=/opt/echoloop ECHOLOOP_REQUIRE_GPU=${CUDA:+true}
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=tensors /opt/echoloop /opt/echoloop
COPY --from=tensors /app /app
CMD ["compute"]
