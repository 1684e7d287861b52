# The Cloche service itself (what it runs in is in sandbox-images/). There is no compile stage: Node runs the sources.
#
# The dependencies come from the build context instead of from a stage with npm, so that one Dockerfile serves both a
# machine that reaches a registry and one that does not, and the build needs no network of its own:
#
#   mkdir -p .cloche/service-image
#   cp package.json package-lock.json .npmrc .cloche/service-image/
#   npm ci --omit=dev --prefix .cloche/service-image
#   docker build --tag cloche/service .
#
# Without a registry, make the base first. It needs glibc, and libstdc++6 for Node:
#
#   mmdebstrap --variant=minbase --include=libstdc++6 trixie - | docker import - cloche/service-base
#   docker build --tag cloche/service --build-arg BASE=cloche/service-base .
#
# Run: the operator mounts the engine's socket and lends its group. Whoever may use that socket is as good as root on
# the host; the service is trusted with it, the sandboxes never see it. The published port stays on loopback here.
#
#   docker run --detach --init --name cloche --read-only --cap-drop ALL --security-opt no-new-privileges \
#     --volume /var/run/docker.sock:/var/run/docker.sock --group-add "$(stat -c %g /var/run/docker.sock)" \
#     --volume cloche-state:/var/lib/cloche --publish 127.0.0.1:8080:8080 cloche/service
#
# The sandbox images have to be in that engine already: npm run images.
ARG BASE=debian:trixie-slim
FROM ${BASE}

COPY .cloche/service-image/node_modules /opt/cloche/node_modules
RUN /opt/cloche/node_modules/.bin/node --version

# Numbers, so that a cluster can check "not root" without reading /etc/passwd.
RUN mkdir -p /var/lib/cloche && chown 10001:10001 /var/lib/cloche && chmod 0700 /var/lib/cloche

WORKDIR /opt/cloche
COPY package.json ./
COPY policies ./policies
COPY src ./src

ENV NODE_ENV=production \
    PATH=/opt/cloche/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    CLOCHE_HOST=0.0.0.0 \
    CLOCHE_PORT=8080 \
    CLOCHE_STATE_DIR=/var/lib/cloche
USER 10001:10001
VOLUME /var/lib/cloche
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.CLOCHE_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
