# syntax=docker/dockerfile:1
# Every program is a command of this one image: node dist/src/<program>/main.js (see docker-compose.yml). A program of
# Node stands alone in its container: give it an init process (docker run --init), which passes on signals and reaps.
# The same Node as in package.json.
FROM node:24.21.0-bookworm-slim AS node
WORKDIR /app

FROM node AS production-dependencies
COPY package.json package-lock.json ./
# No production dependency needs its install script.
RUN --mount=type=cache,target=/var/cache/npm \
  npm ci --cache /var/cache/npm --omit=dev --ignore-scripts --no-audit --no-fund
COPY scripts/prune-packages.mjs ./scripts/
# The list of packages (CycloneDX) and of their licences, and only those files that a program reads. npm would miss the
# packages for development.
RUN npm pkg delete devDependencies \
  && npm sbom --sbom-format cyclonedx > sbom.cdx.json \
  && node scripts/prune-packages.mjs .

FROM node AS build
COPY package.json package-lock.json ./
# Neither does the compiler.
RUN --mount=type=cache,target=/var/cache/npm \
  npm ci --cache /var/cache/npm --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts ./scripts/
COPY sandbox ./sandbox
COPY src ./src
RUN node scripts/build.ts

FROM node
ENV NODE_ENV=production
# A new volume gets the owner of the folder that it covers.
RUN install --directory --owner=1000 --group=1000 /var/lib/ridendine-sandbox
COPY --from=production-dependencies /app/node_modules ./node_modules
COPY --from=production-dependencies /app/sbom.cdx.json /app/licences.txt ./
COPY package.json LICENSE ./
COPY --from=build /app/dist ./dist
# By it Temporal tells the workers of this image from those of another: docker build --build-arg BUILD_ID=<version or commit>.
# Without one no builds are told apart.
ARG BUILD_ID=
ENV WORKER_DEPLOYMENT_NAME=order-creation WORKER_BUILD_ID=$BUILD_ID
# Each program loads it first; only a worker has something that it changes.
ENV NODE_OPTIONS=--import=/app/dist/src/worker/without-call-stacks.js
# The user "node".
USER 1000:1000
CMD ["node", "dist/src/worker/main.js"]
