import { pointerSegment } from '../../contract/configuration-file/problems.ts'

export interface Notice {
  /** JSON Pointer into the file that was read. */
  readonly path: string
  readonly message: string
}

/** What is to be said of a file. */
export interface Findings {
  /** Left out or read otherwise. */
  readonly notices: Notice[]
  /** Not to be applied at all. */
  readonly refusals: Notice[]
}

type Values = Readonly<Record<string, unknown>>

/**
 * The members of one object of a foreign file. Each is asked for by name; those that nobody asked for are what has no
 * counterpart.
 */
export class Members {
  readonly path: string
  readonly #values: Values
  readonly #found: Findings
  readonly #asked = new Set<string>()

  constructor(value: unknown, path: string, found: Findings) {
    this.#values = isObject(value) ? value : {}
    this.path = path
    this.#found = found
  }

  get names(): string[] {
    return Object.keys(this.#values)
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name)
  }

  /** What the file says, or undefined. */
  value(name: string): unknown {
    this.#asked.add(name)
    return this.has(name) ? this.#values[name] : undefined
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'a text', (value) => typeof value === 'string') as string | undefined
  }

  number(name: string): number | undefined {
    return this.#typed(name, 'a number', (value) => typeof value === 'number') as number | undefined
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, 'true or false', (value) => typeof value === 'boolean') as boolean | undefined
  }

  texts(name: string): string[] | undefined {
    const isTexts = (value: unknown) =>
      Array.isArray(value) && value.every((text) => typeof text === 'string')
    return this.#typed(name, 'a list of texts', isTexts) as string[] | undefined
  }

  object(name: string): Members | undefined {
    const value = this.#typed(name, 'an object', isObject)
    return value === undefined ? undefined : new Members(value, this.pathOf(name), this.#found)
  }

  /** The entries of a list of objects. */
  list(name: string): Members[] {
    const value = this.#typed(name, 'a list', Array.isArray) as unknown[] | undefined
    return (value ?? []).map((entry, index) => {
      return new Members(entry, `${this.pathOf(name)}/${index}`, this.#found)
    })
  }

  pathOf(name: string): string {
    return `${this.path}/${pointerSegment(name)}`
  }

  notice(name: string, message: string): void {
    this.#found.notices.push({ path: this.pathOf(name), message })
  }

  refuse(name: string, message: string): void {
    this.#found.refusals.push({ path: this.pathOf(name), message })
  }

  /** Says of every member that nobody asked for that it is left out. */
  noticeRest(): void {
    for (const name of this.names) {
      if (!this.#asked.has(name)) this.notice(name, `"${name}" has no counterpart and is left out`)
    }
  }

  #typed(name: string, expected: string, fits: (value: unknown) => boolean): unknown {
    const value = this.value(name)
    if (value === undefined || value === null) return undefined
    if (fits(value)) return value
    this.notice(name, `"${name}" should be ${expected} and is left out`)
    return undefined
  }
}

export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
