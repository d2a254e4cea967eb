/**
 * Names that nothing else has, for runs and their files: 64 random bits. They keep no secret, so they do
 * not come from `node:crypto`, which takes 10 ms to load.
 */
export function randomName(): string {
  const half = (): string =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return half() + half()
}
