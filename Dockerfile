# timbred and timbre on Debian 12, for the CPU.
#   docker build -t timbre:0.1.0 .
#   docker run -p 127.0.0.1:50051:50051 -v timbre-state:/var/lib/timbre -v /srv/music:/data:ro timbre:0.1.0
# Arguments after the image's name are timbred's flags. The port has neither TLS nor authentication: publish
# it only to networks you trust.

FROM debian:12-slim AS build
WORKDIR /src
COPY scripts/setup scripts/setup
RUN scripts/setup && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release -DTIMBRE_BUILD_TESTS=OFF -DTIMBRE_BUILD_BENCH=OFF \
    && cmake --build --preset release --target timbred timbre \
    && cmake --install build/release --prefix /opt/timbre --strip

FROM debian:12-slim
# The release pins the versions. libopenblas0-pthread is the BLAS that LibTorch must find: without it fp32
# matrix products run 100 times slower.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
       libgrpc++1.51 libprotobuf32 libabsl20220623 libtorch1.13 libopenblas0-pthread \
       libsndfile1 libsoxr0 libsoundtouch1 libkissfft-float131 libdnnl2 libhwy1 libgomp1 libsqlite3-0 libcsv3 libre2-9 \
       libprometheus-cpp-core1.0 libcpp-httplib0.11 libspdlog1.10 libfmt9 libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 timbre \
    && useradd --uid 10001 --gid 10001 --no-log-init --home-dir /var/lib/timbre \
       --shell /usr/sbin/nologin timbre \
    && install -d -o timbre -g timbre /var/lib/timbre && install -d /data
COPY --from=build /opt/timbre/bin/ /usr/local/bin/
COPY deploy/config/container.textproto /etc/timbre/timbred.textproto
# A library that is missing fails the build here and not the first start.
RUN timbred --version && timbre --version

USER 10001
WORKDIR /var/lib/timbre
VOLUME /var/lib/timbre
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["timbre", "--timeout", "4", "info"]
ENTRYPOINT ["timbred", "--config", "/etc/timbre/timbred.textproto"]
