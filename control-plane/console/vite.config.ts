import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** `control-plane/http/console.ts` puts another value in its place for each page that it serves. */
const noncePlaceholder = 'NONCE-OF-THIS-PAGE'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  html: { cspNonce: noncePlaceholder },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    // Everything is a file of its own, so that the content security policy needs no `data:`.
    assetsInlineLimit: 0,
    license: { fileName: 'licences.md' },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
  },
})
