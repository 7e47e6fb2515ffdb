import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { temporaryDirectory } from '../../environment/index.ts'
import { root } from '../../source-tree.ts'

/** The console as its sources are now, whatever was built before. @returns its folder */
export function buildConsole(): string {
  const directory = temporaryDirectory()
  const { NODE_ENV: _ofTests, ...env } = process.env
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const options = ['--outDir', directory, '--emptyOutDir', '--logLevel', 'warn']
  execFileSync(process.execPath, [vite, 'build', join(root, 'control-plane', 'console'), ...options], { env })
  return directory
}
