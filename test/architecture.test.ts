import { builtinModules } from 'node:module'
import { describe, expect, it } from 'vitest'
import { importsOf, type SourceFile, sourceFiles } from './source-tree.ts'

interface Part {
  /** Which other parts it may import by path. */
  readonly reaches: readonly string[]
  /** Which npm packages it may name; Node's own modules are free to all. */
  readonly packages: readonly string[]
}

const sdk = ['gatehouse/plugin-sdk', 'gatehouse/plugin-sdk/builtin']

/** ARCHITECTURE.md's table. A part is found by the longest name that fits. */
const parts: Readonly<Record<string, Part>> = {
  contract: { reaches: [], packages: ['jose', 're2js', 'typebox', 'typebox/compile'] },
  transport: { reaches: ['contract'], packages: ['@redis/client', 'typebox'] },
  'plugins/sdk': { reaches: ['contract'], packages: ['pino', 'typebox', 'typebox/value'] },
  'plugins/auth': { reaches: [], packages: sdk },
  'plugins/rbac': { reaches: [], packages: sdk },
  'plugins/budget': { reaches: [], packages: [...sdk, 'gpt-tokenizer'] },
  'plugins/header-filter': { reaches: [], packages: sdk },
  'plugins/audit': { reaches: [], packages: sdk },
  'plugins/provider': { reaches: [], packages: sdk },
  telemetry: {
    reaches: [],
    packages: [
      ...['@opentelemetry/api', '@opentelemetry/core', '@opentelemetry/exporter-metrics-otlp-http'],
      ...['@opentelemetry/exporter-trace-otlp-http', '@opentelemetry/resources'],
      ...['@opentelemetry/sdk-metrics', '@opentelemetry/sdk-trace', '@opentelemetry/semantic-conventions'],
      ...['fastify', 'prom-client'],
    ],
  },
  'data-plane': {
    reaches: ['contract', 'transport', 'plugins/sdk', 'telemetry'],
    packages: [
      ...['@opentelemetry/api', '@opentelemetry/semantic-conventions'],
      '@opentelemetry/semantic-conventions/incubating',
      ...['fastify', 'graphql', 'jose', 'mercurius', 'pino', 'prom-client', 'ulid'],
      ...['typebox', 'typebox/compile', 'typebox/value'],
    ],
  },
  'control-plane': {
    reaches: ['contract', 'transport', 'telemetry'],
    packages: [
      ...['@opentelemetry/api', '@opentelemetry/semantic-conventions', 'prom-client'],
      '@opentelemetry/semantic-conventions/incubating',
      ...['@bufbuild/cel', 're2js'],
      ...['@escape.tech/graphql-armor', '@mikro-orm/core', '@mikro-orm/migrations', '@mikro-orm/postgresql'],
      ...['@pothos/core', '@pothos/plugin-complexity', '@pothos/plugin-dataloader'],
      ...[
        '@pothos/plugin-errors',
        '@pothos/plugin-relay',
        '@pydantic/genai-prices',
        'fastify',
        'graphql',
        'dataloader',
      ],
      ...[
        '@graphql-yoga/plugin-persisted-operations',
        '@graphql-yoga/render-graphiql',
        'graphql-yoga',
        'jose',
        'openid-client',
        'pg',
        'pino',
        'typebox',
        'typebox/compile',
        'typebox/schema',
        'ulid',
      ],
    ],
  },
  'control-plane/console': {
    reaches: [],
    packages: [
      ...['@mantine/core', '@mantine/core/styles.css', '@tanstack/react-router'],
      ...['react', 'react-dom/client', 'qrcode.react', 'urql'],
      // To build it.
      ...['@vitejs/plugin-react', 'vite'],
    ],
  },
  cli: {
    reaches: ['contract', 'transport', 'control-plane', 'data-plane'],
    packages: [
      'commander',
      'fastify',
      'gpt-tokenizer/encoding/o200k_base',
      'pg',
      'pino',
      'typebox',
      'typebox/compile',
      'yaml',
    ],
  },
  'test/acceptance': { reaches: [], packages: ['jose', 'openai', '@redis/client', 'pg', 'vitest'] },
  examples: {
    reaches: [],
    packages: ['gatehouse/plugin-sdk', 'gatehouse/plugin-sdk/testing', 'openai', 'vitest'],
  },
}

/** Files that stand in a wall on purpose. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'data-plane/plugins.ts': ['plugins/'],
  'control-plane/version.ts': ['package.json'],
  'data-plane/version.ts': ['package.json'],
}

/** Longer than a screenful of screens, each for a reason. */
const longFiles: Readonly<Record<string, string>> = {}
const maxLines = 300

const partNames = Object.keys(parts).toSorted((a, b) => b.length - a.length)
const partOf = (path: string) => partNames.find((part) => path.startsWith(`${part}/`))
const builtins = new Set(builtinModules)
const topFolders = [...new Set(partNames.map((part) => part.split('/')[0] ?? part))]
const files = sourceFiles(topFolders.map((folder) => (folder === 'test' ? 'test/acceptance' : folder)))

function breaches(
  file: SourceFile,
  rule: (specifier: string, target: string | undefined) => boolean,
): string[] {
  return importsOf(file)
    .filter(({ specifier, target }) => rule(specifier, target))
    .map(({ specifier }) => `${file.path} imports ${specifier}`)
}

describe('the walls of ARCHITECTURE.md', () => {
  it('every source file belongs to a part', () => {
    expect(files.map(({ path }) => path).filter((path) => partOf(path) === undefined)).toEqual([])
  })

  it('a part imports only the parts below it', () => {
    const found = files.flatMap((file) =>
      breaches(file, (_, target) => {
        if (target === undefined) return false
        const own = partOf(file.path)
        const other = partOf(target)
        if (own === undefined || own === other) return false
        if (doors[file.path]?.some((door) => target.startsWith(door))) return false
        return other === undefined || !parts[own]?.reaches.includes(other)
      }),
    )
    expect(found).toEqual([])
  })

  it('a part names only the packages that it is known to need', () => {
    const found = files.flatMap((file) =>
      breaches(file, (specifier, target) => {
        if (target !== undefined || specifier.startsWith('node:') || builtins.has(specifier)) return false
        return !parts[partOf(file.path) ?? '']?.packages.includes(specifier)
      }),
    )
    expect(found).toEqual([])
  })

  it('a module of the control plane reaches another only through its index', () => {
    const moduleOf = (path: string) => /^control-plane\/modules\/([^/]+)\//.exec(path)?.[1]
    const found = files.flatMap((file) =>
      breaches(file, (_, target) => {
        const own = moduleOf(file.path)
        const other = target === undefined ? undefined : moduleOf(target)
        return own !== undefined && other !== undefined && own !== other && !target?.endsWith('/index.ts')
      }),
    )
    expect(found).toEqual([])
  })

  it('only a module has an index that re-exports', () => {
    const barrels = files.filter(({ path }) => /(^|\/)index\.ts$/.test(path)).map(({ path }) => path)
    const allowed = /^(control-plane\/modules\/[^/]+|plugins\/[^/]+|examples\/.+)\/index\.ts$/
    expect(barrels.filter((path) => !allowed.test(path))).toEqual([])
  })
})

describe('the shape of a file', () => {
  it('has one idea, so it is short', () => {
    const found = files
      .filter(({ path }) => !path.startsWith('test/') && longFiles[path] === undefined)
      .filter(({ text }) => text.split('\n').length > maxLines)
      .map(({ path, text }) => `${path} has ${text.split('\n').length} lines`)
    expect(found).toEqual([])
  })

  it('has a name that says what is in it', () => {
    const vague = /(^|[/-])(utils?|helpers?|managers?|common|misc|shared)(\.|-|\/)/
    expect(files.map(({ path }) => path).filter((path) => vague.test(path))).toEqual([])
  })

  it('reads the environment only where a process starts', () => {
    const readers = /(^|\/)(env|main)\.ts$|^(cli|examples|test)\//
    const found = files.filter(({ path, text }) => text.includes('process.env') && !readers.test(path))
    expect(found.map(({ path }) => path)).toEqual([])
  })

  it('never asks which kind of environment it runs in', () => {
    expect(files.filter(({ text }) => text.includes('NODE_ENV')).map(({ path }) => path)).toEqual([])
  })
})
