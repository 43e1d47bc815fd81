# A Node.js service with the preload; here the demo shop. For your own service only the last lines matter:
# install @chokepoint/instrumentation, and set NODE_OPTIONS.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm install --global pnpm@12.21.0 \
 && pnpm install --frozen-lockfile \
 && node tools/build.ts \
 && pnpm --filter @chokepoint/example-shop deploy --prod --legacy /app

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
USER node
ENV NODE_OPTIONS="--import @chokepoint/instrumentation/register"
CMD ["node", "storefront/server.ts"]
