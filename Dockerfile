# One static binary and the configurations it ships with, run by an ordinary user.
#
#   docker build --build-arg VERSION="$(git describe --tags --dirty --always)" --tag prodsentinel .
#
# docker-compose.yaml builds it by itself. Everything the image has is copied below: it has no shell.
FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN mkdir -p image/data image/tmp
ARG VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    make build VERSION="$VERSION"

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /src/image/ /
COPY --from=build /src/bin/prodsentinel /usr/bin/
COPY config/*.yaml /etc/prodsentinel/

# The embedded default keeps its state here: mount a volume. Listening beyond the container needs an
# authenticator, or PRODSENTINEL_ALLOW_UNAUTHENTICATED=true in so many words.
ENV PRODSENTINEL_DATA_DIR=/data \
    PRODSENTINEL_LISTEN_HOST=0.0.0.0

EXPOSE 4317 4318 14317 8000 8001 8080 13133
USER 65532:65532
WORKDIR /data
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["/usr/bin/prodsentinel", "health", "http://127.0.0.1:13133/readyz"]
ENTRYPOINT ["/usr/bin/prodsentinel"]
