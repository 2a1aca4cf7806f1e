# timbred and timbre on slim Debian 12.
#   docker build -t timbre:0.1.0 .                          # target cpu
#   docker build -t timbre:0.1.0-cuda --target cuda .       # for NVIDIA GPUs; run with --gpus all
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:50051:50051 -v timbre-state:/var/lib/timbre \
#     -v /srv/music:/data:ro timbre:0.1.0
# Arguments after the image's name are timbred's flags. The port has neither TLS nor authentication unless you configure
# them: publish it only to networks you trust.
ARG DEBIAN=debian:12-slim

FROM ${DEBIAN} AS tools
WORKDIR /src
COPY scripts/setup scripts/setup
RUN scripts/setup && rm -rf /var/lib/apt/lists/*
COPY . .

FROM tools AS build-cpu
# Compiles at once; each may take 2 GB of memory.
ARG JOBS=2
RUN cmake --preset release -DTIMBRE_BUILD_TESTS=OFF -DTIMBRE_BUILD_BENCH=OFF \
    && cmake --build --preset release --target timbred timbre -j "${JOBS}" \
    && cmake --install build/release --prefix /opt/timbre --strip

FROM tools AS build-cuda
# The toolkit must be of the CUDA that the torch wheel was built with.
ARG CUDA=13-0
ARG TORCH=torch
ARG ARCHS="8.0 9.0+PTX"
ARG JOBS=2
ADD https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/cuda-keyring_1.1-1_all.deb /tmp/keyring.deb
# hadolint ignore=DL3008
RUN dpkg -i /tmp/keyring.deb && apt-get update \
    && apt-get install -y --no-install-recommends "cuda-toolkit-${CUDA}" \
    && rm -rf /var/lib/apt/lists/*
RUN TIMBRE_TORCH_WHEEL="${TORCH}" TIMBRE_CUDA_ARCHS="${ARCHS}" TIMBRE_BUILD_JOBS="${JOBS}" \
    TIMBRE_CUDA_INSTALL=/opt/timbre scripts/cuda-build

# What both run on. The release pins the versions.
FROM ${DEBIAN} AS run
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
       libgrpc++1.51 libprotobuf32 libabsl20220623 libsndfile1 libsoxr0 libsoundtouch1 libkissfft-float131 libdnnl2 \
       libhwy1 libgomp1 libsqlite3-0 libcsv3 libre2-9 libxxhash0 libprometheus-cpp-core1.0 libcpp-httplib0.11 \
       libspdlog1.10 libfmt9 libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 timbre \
    && useradd --uid 10001 --gid 10001 --no-log-init --home-dir /var/lib/timbre \
       --shell /usr/sbin/nologin timbre \
    && install -d -o timbre -g timbre /var/lib/timbre && install -d /data
COPY deploy/config/container.textproto /etc/timbre/timbred.textproto
WORKDIR /var/lib/timbre
VOLUME /var/lib/timbre
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["timbre", "health", "--timeout", "4"]
ENTRYPOINT ["timbred", "--config", "/etc/timbre/timbred.textproto"]

FROM run AS cuda
# The wheel's libraries, LibTorch's and NVIDIA's, lie beside each other.
COPY --from=build-cuda /opt/timbre/lib/ /opt/timbre/lib/
COPY --from=build-cuda /opt/timbre/bin/ /usr/local/bin/
ENV LD_LIBRARY_PATH=/opt/timbre/lib NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN timbred --version && timbre --version
USER 10001

# The last one is what `docker build` makes.
FROM run AS cpu
# libopenblas0-pthread is the BLAS that LibTorch must find: without it fp32 matrix products run 100 times slower.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libtorch1.13 libopenblas0-pthread \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build-cpu /opt/timbre/bin/ /usr/local/bin/
# A library that is missing fails the build here and not the first start.
RUN timbred --version && timbre --version
USER 10001
