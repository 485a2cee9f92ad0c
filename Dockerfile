# One image for every service: `docker run llmteam serve worker`, `docker run llmteam doctor`, …
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /llmteam
COPY . .
RUN npm ci
RUN npx tsc -b clients/cli && node scripts/bundle.mjs

# The same tree without build-time dependencies and sources.
FROM build AS runtime
RUN rm -rf node_modules && npm ci --omit=dev && npm cache clean --force
RUN rm -rf scripts tsconfig.json tsconfig.base.json \
  && find contracts kernel plugins services clients \( \( -name node_modules -o -name templates \) -prune \) -o \( -name src -o -name tsconfig.json -o -name .tsbuildinfo \) -print0 | xargs -0 rm -rf

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="llmteam" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=runtime /llmteam /llmteam
# Every container has its own network, so all services can listen on the same port, on all interfaces.
ENV NODE_ENV=production \
  LLMTEAM_COORDINATOR_HTTP_HOST=0.0.0.0 \
  LLMTEAM_COORDINATOR_HTTP_PORT=8080 \
  LLMTEAM_GATEWAY_HTTP_HOST=0.0.0.0 \
  LLMTEAM_GATEWAY_HTTP_PORT=8080 \
  LLMTEAM_WORKER_HTTP_HOST=0.0.0.0 \
  LLMTEAM_WORKER_HTTP_PORT=8080
EXPOSE 8080
# Mount llmteam.config.json and your plugins here.
WORKDIR /work
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=45s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/llmteam/clients/cli/bin/llmteam.js"]
CMD ["--help"]
