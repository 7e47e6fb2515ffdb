import '@mantine/core/styles.css'
import './console.css'
import { MantineProvider } from '@mantine/core'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'urql'
import { graphqlClient } from './graphql-client.ts'
import { router } from './router.tsx'
import { theme } from './theme.ts'

/** The control plane lets in only styles that have the nonce of this page. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

const root = document.querySelector('#root')
if (!root) throw new Error('the page has no #root')

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <Provider value={graphqlClient}>
        <RouterProvider router={router} />
      </Provider>
    </MantineProvider>
  </StrictMode>,
)
