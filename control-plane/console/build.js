// Plain JavaScript, which npm runs after an installation with whatever Node it finds.
import { fileURLToPath } from 'node:url'

try {
  const { build } = await import('vite')
  await build({ configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)), logLevel: 'warn' })
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes("'vite'")) throw error
  // `npm ci --omit=dev`: whoever leaves the tools out has built it before, or gets a page that says how.
  process.stderr.write('The console is not built: that needs the development dependencies (npm ci).\n')
}
