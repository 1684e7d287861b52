/**
 * Runtimes whose sandboxes have a kernel of their own in front of the host's: gVisor. Code inside sees nothing of the
 * host's cgroup, and that kernel counts by itself what the sandbox may have.
 *
 * Engines let a runtime have any name; these are the ones that gVisor's installers and documents give it.
 */
export const hasOwnKernel = (runtime: string): boolean => /^(runsc|gvisor)([-_.].*)?$/.test(runtime);
