import type { CodegenConfig } from '@graphql-codegen/cli'

const scalars = {
  NanoUsd: 'string',
  DateTime: 'string',
  Duration: 'string',
  JSON: 'unknown',
  ID: 'string',
}

function client(folder: string, documentMode: 'string' | 'documentNode') {
  return {
    preset: 'client' as const,
    documents: [`${folder}/**/*.ts`, `!${folder}/generated/**`],
    presetConfig: { fragmentMasking: false },
    config: {
      documentMode,
      useTypeImports: true,
      enumsAsTypes: true,
      avoidOptionals: { field: true },
      scalars,
      importExtension: '.ts' as const,
    },
  }
}

/** Typed documents for everything of ours that speaks GraphQL: the CLI, the console, the examples and the tests. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'cli/generated/': client('cli', 'string'),
    'examples/node-client/generated/': client('examples/node-client', 'string'),
    // urql takes parsed documents.
    'control-plane/console/generated/': client('control-plane/console', 'documentNode'),
  },
}

export default config
