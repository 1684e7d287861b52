# The last step of every image: the launcher, its entry point and the manifest, over the finished content.
# Kept apart from the content so that a change to the launcher rebuilds an image in seconds.
ARG BASE
FROM ${BASE} AS compiled
COPY common /build/common
COPY launcher /opt/cloche/launcher
RUN ["python3", "-I", "/build/common/compile_bytecode.py", "/opt/cloche/launcher"]

FROM ${BASE}
COPY --from=compiled /opt/cloche/launcher /opt/cloche/launcher
COPY manifest.json /opt/cloche/manifest.json
WORKDIR /workspace
USER 65534:65534
# Not -I, which would ignore the environment: the service sets hash order and core count by it.
ENTRYPOINT ["python3", "-P", "-s", "-B", "/opt/cloche/launcher"]
