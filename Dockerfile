# syntax=docker/dockerfile:1
# Worker, gateway, codec server, directus:apply, temporal:apply, doctor, review and RideNDine's stand-in are commands of this
# one image (see docker-compose.yml).
# The same Node as in package.json, which runs the TypeScript sources as they are.
FROM node:24.21.0-bookworm-slim AS node

FROM node AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No production dependency needs its install script.
RUN --mount=type=cache,target=/var/cache/npm \
  npm ci --cache /var/cache/npm --omit=dev --ignore-scripts --no-audit --no-fund

FROM node
ENV NODE_ENV=production
WORKDIR /app
# A new volume gets the owner of the folder that it covers.
RUN install --directory --owner=1000 --group=1000 /var/lib/ridendine-sandbox
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY sandbox ./sandbox
COPY src ./src
# The user "node".
USER 1000:1000
CMD ["node", "src/worker/main.ts"]
