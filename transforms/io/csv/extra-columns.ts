/** Columns of files that the schema lacks: nothing is read of them, and the run's summary says so. */

const SHOWN = 5

export class ExtraColumns {
  readonly #files = new Map<string, { names: readonly string[]; first: string; count: number }>()

  add(path: string, names: readonly string[]): void {
    if (names.length === 0) return
    const key = JSON.stringify(names)
    const known = this.#files.get(key)
    if (known) known.count++
    else this.#files.set(key, { names, first: path, count: 1 })
  }

  /** One line for each set of columns. */
  lines(): string[] {
    return [...this.#files.values()].map(({ names, first, count }) => {
      const shown = names.slice(0, SHOWN).map(name => JSON.stringify(name))
      const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
      const others = count - 1
      const files = others > 0 ? ` and ${others} other file${others > 1 ? 's' : ''}` : ''
      return `${first}${files}: columns that the schema lacks are not read: ${shown.join(', ')}${more}`
    })
  }
}
