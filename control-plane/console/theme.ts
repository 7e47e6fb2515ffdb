import { createTheme } from '@mantine/core'

/** Shades dark or light enough to be read on what they stand on, in both schemes (WCAG 2.2, 1.4.3). */
export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: 8,
  autoContrast: true,
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
})
