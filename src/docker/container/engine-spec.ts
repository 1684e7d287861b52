import type { ContainerCreateOptions, HostConfig } from "dockerode";

/** What the engine is asked to create, with the field that the type package lacks. */
export type EngineSpec = ContainerCreateOptions & { HostConfig: HostConfig & { CgroupnsMode: "private" } };
