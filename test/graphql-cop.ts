/** What one request of the scanner got back. */
interface Reply {
  readonly text: string
  /** Undefined when it is not JSON. */
  readonly json:
    | {
        readonly data?: Readonly<Record<string, unknown>> | null
        readonly errors?: readonly {
          readonly message?: string
          readonly extensions?: Record<string, unknown>
        }[]
        readonly extensions?: Record<string, unknown>
      }
    | readonly unknown[]
    | undefined
}

interface Scanner {
  post(query: string): Promise<Reply>
  batch(query: string, size: number): Promise<Reply>
  form(query: string): Promise<Reply>
  get(query: string | undefined, accept?: string): Promise<Reply>
}

const repeat = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => part(index)).join(' ')

const dataOf = ({ json }: Reply) => (json && 'data' in json ? json.data : undefined)
const errorsOf = ({ json }: Reply) => (json && 'errors' in json ? (json.errors ?? []) : [])
const ides = ['graphiql.min.css', 'GraphQL Playground', 'GraphiQL', 'graphql-playground']

/** The checks of github.com/dolevf/graphql-cop, each true when it would report a finding. */
const checks: Readonly<Record<string, (scanner: Scanner) => Promise<boolean>>> = {
  field_suggestions: async ({ post }) =>
    errorsOf(await post('query cop { __schema { directive } }')).some(({ message }) =>
      message?.includes('Did you mean'),
    ),
  introspection: async ({ post }) =>
    dataOf(await post('query cop { __schema { types { name fields { name } } } }'))?.__schema != null,
  detect_graphiql: async ({ get }) => {
    const { text } = await get(undefined, 'text/html')
    return ides.some((ide) => text.includes(ide))
  },
  get_method_support: async ({ get }) => dataOf(await get('query cop {__typename}')) != null,
  alias_overloading: async ({ post }) =>
    dataOf(await post(`query cop { ${repeat(101, (index) => `alias${index}:__typename`)} }`))?.alias100 !=
    null,
  batch_query: async ({ batch }) => {
    const { json } = await batch('query cop { __typename }', 10)
    return Array.isArray(json) && json.length >= 10
  },
  trace_mode: async ({ post }) => {
    const { text } = await post('query cop { __typename }')
    return /"tracing"/i.test(text)
  },
  directive_overloading: async ({ post }) =>
    errorsOf(await post(`query cop { __typename ${'@aa'.repeat(10)} }`)).length === 10,
  circular_query_introspection: async ({ post }) => {
    const nested = `${'fields { type { '.repeat(4)}name${' } }'.repeat(4)}`
    return dataOf(await post(`query cop { __schema { types { ${nested} } } }`))?.__schema != null
  },
  get_based_mutation: async ({ get }) => dataOf(await get('mutation cop {__typename}')) != null,
  post_based_csrf: async ({ form }) => dataOf(await form('query cop { __typename }')) != null,
  unhandled_error_detection: async ({ post }) => {
    const { text } = await post('qwerty cop { abc }')
    return /"exception"/i.test(text)
  },
  // Not run by the tool itself since its issue 43.
  field_duplication: async ({ post }) =>
    dataOf(await post(`query cop { ${repeat(500, () => '__typename')} }`)) != null,
}

/** The names of the checks that find something. */
export async function findingsOf(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const scanner = scannerOf(url, headers)
  const found: string[] = []
  for (const [name, finds] of Object.entries(checks)) if (await finds(scanner)) found.push(name)
  return found
}

function scannerOf(url: string, headers: Record<string, string>): Scanner {
  const send = async (target: string, init: RequestInit): Promise<Reply> => {
    const text = await (await fetch(target, init)).text()
    return { text, json: jsonOf(text) }
  }
  const json = (body: unknown) =>
    send(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return {
    post: (query) => json({ query, operationName: 'cop' }),
    batch: (query, size) => json(Array.from({ length: size }, () => ({ query }))),
    form: (query) => send(url, { method: 'POST', headers, body: new URLSearchParams({ query }) }),
    get: (query, accept = '*/*') =>
      send(query === undefined ? url : `${url}?${new URLSearchParams({ query })}`, {
        headers: { ...headers, accept },
      }),
  }
}

function jsonOf(text: string): Reply['json'] {
  return text.startsWith('{') || text.startsWith('[') ? (JSON.parse(text) as Reply['json']) : undefined
}
