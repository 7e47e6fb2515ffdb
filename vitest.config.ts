import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// "source" resolves our own package to its TypeScript. "import" must stay out: the workers would get it as
// --conditions, and then require() of a CommonJS package finds modules.
const conditions = ['source', 'node']

// Node takes the CommonJS form of this package, Vite would take the other: its types must exist once.
const alias = [{ find: /^graphql$/, replacement: 'graphql/index.js' }]

const controlPlane = 'test/control-plane/**/*.test.ts'

export default defineConfig({
  resolve: { conditions, alias },
  ssr: { resolve: { conditions } },
  test: {
    globalSetup: ['test/environment/global-setup.ts'],
    // The modules take longer to load than most of these tests to run: files share them.
    isolate: false,
    // Each has workers of its own, so that none holds what all files leave behind.
    projects: [
      { extends: true, test: { name: 'control plane', include: [controlPlane] } },
      { extends: true, test: { name: 'other', include: ['test/**/*.test.ts'], exclude: [controlPlane] } },
    ],
    // Most tests wait for a database, a Redis or a process: one worker leaves half of a small machine idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A bound for what hangs, far beyond what anything takes: a busy machine is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
})
