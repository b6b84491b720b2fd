# syntax=docker/dockerfile:1
# One image for every role: `ROLE=web`, `ROLE=worker`, or `node scripts/migrate.ts` before either.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: every production package works as it is unpacked, which the second line makes sure of.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && node -e "const { hashSync, verifySync } = require('@node-rs/argon2'); if (!verifySync(hashSync('x'), 'x')) process.exit(1)"

FROM node:24-bookworm-slim
# Memory as "serving" and "malloc_arenas" in package.json have it: MALLOC_ARENA_MAX here, Node's flags in CMD.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data MALLOC_ARENA_MAX=2
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=packages /app/node_modules ./node_modules
COPY package.json knexfile.ts ./
COPY migrations ./migrations
COPY public ./public
COPY scripts ./scripts
COPY views ./views
COPY src ./src
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=32", "--heap-growing-percent=100", "src/main.ts"]
