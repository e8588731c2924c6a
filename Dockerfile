# syntax=docker/dockerfile:1

# Compilers and development packages stay in this stage.
FROM node:24-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production \
    XDG_DATA_HOME=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY bin ./bin
COPY config.yaml README.md LICENSE ./
RUN mkdir -p /data/chasqui && chown -R 10001:10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 5732
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/app/bin/chasqui", "healthcheck"]
ENTRYPOINT ["/app/bin/chasqui"]
CMD ["serve"]
