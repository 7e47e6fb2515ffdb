interface TypeRef {
  readonly kind: string
  readonly name: string | null
  readonly ofType: TypeRef | null
}

interface Field {
  readonly name: string
  readonly args: readonly { readonly name: string; readonly type: TypeRef }[]
  readonly type: TypeRef
}

interface Type {
  readonly kind: string
  readonly name: string
  readonly fields: readonly Field[] | null
  readonly possibleTypes: readonly { readonly name: string }[] | null
  readonly enumValues: readonly { readonly name: string }[] | null
}

/** One POST; resolves with the body as it came. */
export type Ask = (query: string, variables?: object) => Promise<string>

export interface WholeAnswer {
  /** Every answer as it came, by the root field. */
  readonly answers: readonly { readonly field: string; readonly body: string }[]
  /** `Type.field` of all that can be reached from a query and was not asked for. */
  readonly unasked: readonly string[]
}

const typeRef = 'kind name ofType { kind name ofType { kind name ofType { kind name } } }'
const introspection = `{ __schema { queryType { name } types {
  kind name possibleTypes { name } enumValues { name } fields { name args { name type { ${typeRef} } } type { ${typeRef} } } } } }`

/** Asks a GraphQL API for every field of everything that a query reaches, as its introspection names them. */
export async function readWholeSchema(ask: Ask, unlisted: Ids = {}): Promise<WholeAnswer> {
  const { data } = JSON.parse(await ask(introspection)) as {
    data: { __schema: { queryType: { name: string }; types: readonly Type[] } }
  }
  const reader = new Reader(data.__schema.types, ask, unlisted)
  const roots = reader.type(data.__schema.queryType.name).fields ?? []
  // Lists first: they tell the ids that other fields ask for.
  const needsId = ({ args }: Field) => args.some(({ name }) => name === 'id' || name === 'ids')
  for (const root of roots.filter((field) => !needsId(field))) await reader.readPages(root)
  for (const root of roots.filter(needsId)) await reader.readByIds(root)
  return { answers: reader.answers, unasked: reader.unasked(roots) }
}

/** The id of one thing of each type that no list tells, by the type. */
type Ids = Readonly<Record<string, string>>

class Reader {
  readonly answers: { field: string; body: string }[] = []
  readonly #types: ReadonlyMap<string, Type>
  readonly #ask: Ask
  readonly #ids: Map<string, Set<string>>
  readonly #asked = new Set<string>()

  constructor(types: readonly Type[], ask: Ask, unlisted: Ids) {
    this.#ids = new Map(Object.entries(unlisted).map(([type, id]) => [type, new Set([id])]))
    this.#types = new Map(types.map((type) => [type.name, type]))
    this.#ask = ask
  }

  type(name: string): Type {
    const type = this.#types.get(name)
    if (!type) throw new Error(`the introspection has no type ${name}`)
    return type
  }

  /** A field without arguments, or a list to its last page. */
  async readPages(root: Field, after?: string): Promise<void> {
    const isList = root.args.some(({ name }) => name === 'first')
    const required = root.args.filter(({ type }) => type.kind === 'NON_NULL')
    const given = required.map(({ name, type }) => `${name}: ${this.#sampleOf(type)}`)
    if (isList) given.push('first: 4', `after: ${JSON.stringify(after ?? null)}`)
    const data = await this.read(root, {}, given.length === 0 ? '' : `(${given.join(', ')})`)
    const page = data[root.name] as { pageInfo?: { hasNextPage: boolean; endCursor: string } } | null
    if (isList && page?.pageInfo?.hasNextPage) await this.readPages(root, page.pageInfo.endCursor)
  }

  async read(root: Field, variables: object, call: string, type?: string): Promise<Record<string, unknown>> {
    // Many objects at once are read less deeply, or the operation costs more than one may; one by one they are whole.
    const depth = 'ids' in variables ? 1 : 2
    const fields = this.#selection(type ?? namedType(root.type), depth)
    const selection = type === undefined ? fields : ` { ... on ${type}${fields} }`
    const body = await this.#ask(`query${declared(variables)} { ${root.name}${call}${selection} }`, variables)
    const answer = JSON.parse(body) as { data: Record<string, unknown>; errors?: unknown }
    if (answer.errors) throw new Error(`${root.name}: ${JSON.stringify(answer.errors)}`)
    this.answers.push({ field: root.name, body })
    this.#collectIds(answer.data)
    return answer.data
  }

  /** Where a field may give objects of several types, each is asked for by itself. */
  async readByIds(root: Field): Promise<void> {
    const { possibleTypes, name } = this.type(namedType(root.type))
    for (const type of possibleTypes ?? [{ name }]) {
      const ids = [...(this.#ids.get(type.name) ?? [])].slice(0, 5)
      const fragment = possibleTypes ? type.name : undefined
      if (root.args.some((argument) => argument.name === 'ids'))
        await this.read(root, { ids }, '(ids: $ids)', fragment)
      else for (const id of ids) await this.read(root, { id }, '(id: $id)', fragment)
    }
  }

  unasked(roots: readonly Field[]): string[] {
    const reached = new Set<string>()
    const visit = (name: string) => {
      if (reached.has(name)) return
      reached.add(name)
      const { fields, possibleTypes } = this.type(name)
      for (const field of fields ?? []) visit(namedType(field.type))
      for (const possible of possibleTypes ?? []) visit(possible.name)
    }
    for (const root of roots) visit(namedType(root.type))
    return [...reached].flatMap((name) => {
      const { kind, fields } = this.type(name)
      const coordinates = (fields ?? []).map((field) => `${name}.${field.name}`)
      return kind === 'OBJECT' ? coordinates.filter((coordinate) => !this.#asked.has(coordinate)) : []
    })
  }

  #sampleOf(type: TypeRef): string {
    const name = namedType(type)
    const [value] = this.type(name).enumValues ?? []
    if (value) return value.name
    if (name === 'Int') return '1'
    if (name === 'PolicyOwnerInput') return '{ organization: true }'
    if (name === 'ExplainPermissionInput') return '{ permission: "teams:view" }'
    throw new Error(`there is no sample for a required argument of the type ${name}`)
  }

  #selection(name: string, depth: number): string {
    if (this.#isLeaf(name)) return ''
    const { kind, fields } = this.type(name)
    if (kind !== 'OBJECT') throw new Error(`${name} may be several types: ask for each by itself`)
    return ` { __typename ${this.#fieldsOf(name, fields ?? [], depth)} }`
  }

  #isLeaf(name: string): boolean {
    return /^(SCALAR|ENUM)$/.test(this.type(name).kind)
  }

  #fieldsOf(type: string, fields: readonly Field[], depth: number): string {
    const chosen = fields.filter((field) => depth > 0 || this.#isLeaf(namedType(field.type)))
    return chosen
      .map((field) => {
        this.#asked.add(`${type}.${field.name}`)
        // The objects of a page are no deeper than the page itself, nor is what somebody was given than what gave it.
        const isPage = /^(edges|node|pageInfo|issuedKey|person)$/.test(field.name)
        return `${field.name}${pageOf(field)}${this.#selection(namedType(field.type), isPage ? depth : depth - 1)}`
      })
      .join(' ')
  }

  #collectIds(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    if ('__typename' in value && 'id' in value && typeof value.id === 'string') {
      const type = String(value.__typename)
      this.#ids.set(type, (this.#ids.get(type) ?? new Set()).add(value.id))
    }
    for (const member of Object.values(value)) this.#collectIds(member)
  }
}

function namedType(type: TypeRef): string {
  return type.ofType ? namedType(type.ofType) : (type.name ?? '')
}

function pageOf({ args }: Field): string {
  return args.some(({ name }) => name === 'first') ? '(first: 3)' : ''
}

function declared(variables: object): string {
  const types = Object.keys(variables).map((name) => (name === 'ids' ? '$ids: [ID!]!' : '$id: ID!'))
  return types.length === 0 ? '' : `(${types.join(', ')})`
}
