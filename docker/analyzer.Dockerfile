# The analyzer: built in one stage, run without build tools, as nobody, on a read-only root.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm install --global pnpm@12.21.0 \
 && pnpm install --frozen-lockfile \
 && node tools/build.ts \
 && pnpm --filter chokepoint deploy --prod --legacy /app

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
RUN mkdir -p /var/lib/chokepoint && chown node:node /var/lib/chokepoint
USER node
VOLUME /var/lib/chokepoint
EXPOSE 4317 4318 9490
# What `serve` would give itself by starting over; here it need not.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/dist/main.js"]
CMD ["serve"]
