# One image for every service: `docker run llmteam serve worker`, `docker run llmteam doctor`, …
ARG NODE_IMAGE=node:24-bookworm-slim
# The C and C++ libraries, certificates and time zones of Debian 12, without a shell, a package manager or npm.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

# What it makes runs on every platform, so it is made once, on that of the builder.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /llmteam
COPY . .
RUN --mount=type=cache,target=/root/.npm npm ci
RUN npx tsc -b clients/cli && node scripts/bundle.mjs && node scripts/image-tree.mjs /image
# What the bundles are made of.
RUN npm sbom --omit=dev --sbom-format=cyclonedx --sbom-type=application > /image/sbom.cdx.json
# `llmteam` for `docker exec`, where there is no shell and no `env`.
RUN printf '#!/usr/local/bin/node\nimport("/llmteam/node_modules/llmteam/bin/llmteam.js");\n' > /launcher && chmod 755 /launcher && mkdir /state

FROM ${NODE_IMAGE} AS node

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="llmteam" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /launcher /usr/local/bin/llmteam
COPY --from=build /image /llmteam
# The only place besides /tmp that is written to: the index of a gateway.
COPY --from=build --chown=65532:65532 /state/ /var/lib/llmteam/
# Every container has its own network, so all services can listen on the same port, on all interfaces.
ENV NODE_ENV=production \
  LLMTEAM_COORDINATOR_HTTP_HOST=0.0.0.0 \
  LLMTEAM_COORDINATOR_HTTP_PORT=8080 \
  LLMTEAM_GATEWAY_HTTP_HOST=0.0.0.0 \
  LLMTEAM_GATEWAY_HTTP_PORT=8080 \
  LLMTEAM_GATEWAY_INDEX_FILE=/var/lib/llmteam/gateway.db \
  LLMTEAM_WORKER_HTTP_HOST=0.0.0.0 \
  LLMTEAM_WORKER_HTTP_PORT=8080
EXPOSE 8080
# Mount llmteam.config.json and your plugins here.
WORKDIR /config
# `nonroot` of the base; as a number, so that Kubernetes sees that it is not root.
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=45s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/llmteam/node_modules/llmteam/bin/llmteam.js"]
CMD ["--help"]
