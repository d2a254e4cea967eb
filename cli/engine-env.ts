/**
 * The environment of the engine's process. glibc gives each thread an arena of its own to allocate
 * from, and keeps there what was freed: a keep-latest of 4 M rows peaked at 435 MB, with one arena for
 * all at 375 MB, in the same processor time. A user's own setting stands; other systems ignore it.
 */
export function engineEnv(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  return { MALLOC_ARENA_MAX: '1', ...env }
}
