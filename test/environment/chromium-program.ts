import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installOnDebian } from './debian-package.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome']
const ofMacOs = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Chromium, or what is made of it; on Debian as root it is installed when missing. */
export function requireChromium(): string {
  const found = findChromium()
  if (found !== undefined) return found
  installOnDebian('chromium')
  const installed = findChromium()
  if (installed !== undefined) return installed
  throw new Error(
    'The tests of the console need Chromium on PATH: install it with "apt-get install chromium" (Debian) or "brew install --cask chromium" (macOS)',
  )
}

function findChromium(path = process.env.PATH ?? ''): string | undefined {
  const folders = path.split(delimiter).filter(Boolean)
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [...onPath, ...ofMacOs].find((file) => existsSync(file))
}
