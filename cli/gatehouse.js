#!/usr/bin/env node
// Plain JavaScript for any Node: it looks for one that can run Gatehouse, and hands over to it.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const requiredMajor = 26
const here = dirname(fileURLToPath(import.meta.url))

function majorOf(node) {
  if (node === process.execPath) return Number.parseInt(process.versions.node, 10)
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  return Number.parseInt(String(stdout).replace(/^v/, ''), 10) || 0
}

/** Ourselves, or the Node that npm installed beside us or above us. */
function findNode() {
  const candidates = [process.execPath]
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    candidates.push(join(folder, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node'))
  }
  return candidates.find((node) => existsSync(node) && majorOf(node) >= requiredMajor)
}

const node = findNode()
if (node === undefined) {
  console.error(
    `Gatehouse needs Node ${requiredMajor} and this is ${process.versions.node}: run "npm ci", which brings it along, or install Node ${requiredMajor}`,
  )
  process.exit(1)
}

// In a checkout the sources run as they are; a published package holds them compiled.
const source = join(here, 'main.ts')
const entry = existsSync(source)
  ? ['--conditions=source', source]
  : [join(here, '..', 'dist', 'cli', 'main.js')]
const child = spawn(node, [...entry, ...process.argv.slice(2)], { stdio: 'inherit' })

// We end when the child has ended; until then every request to end is the child's to answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`${node} could not be started: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? (signal === null ? 1 : 128 + 15))
})
