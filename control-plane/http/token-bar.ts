/**
 * Where the page takes an API token, once for all of its tabs. The browser keeps it for this tab alone, and it
 * goes nowhere but to the API, in a header. An operation that names its own Authorization keeps that.
 */
export function renderTokenBar(endpoint: string): string {
  return `
<form class="token-bar">
  <label for="token">API token</label>
  <input id="token" type="password" placeholder="ghat.…" autocomplete="off" spellcheck="false" required>
  <button type="submit">Use</button>
  <button type="button" hidden>Forget</button>
  <output for="token"></output>
</form>
<script>(${script})(${JSON.stringify(endpoint)})</script>
`
}

/** For the browser, ahead of the editor's own script. */
const script = `(endpoint) => {
  const storageKey = 'gatehouse:api-token'
  const bar = document.querySelector('.token-bar')
  const input = bar.querySelector('input')
  const forget = bar.querySelector('[type=button]')
  const answer = bar.querySelector('output')
  const send = window.fetch.bind(window)
  const token = sessionStorage.getItem(storageKey)

  window.fetch = (target, options = {}) => {
    const headers = new Headers(options.headers)
    if (headers.has('authorization')) return send(target, { ...options, credentials: 'omit' })
    if (token === null) {
      const error = { message: 'Paste an API token at the top of the page first', extensions: { code: 'UNAUTHENTICATED' } }
      return Promise.resolve(Response.json({ errors: [error] }, { status: 401 }))
    }
    headers.set('authorization', 'Bearer ' + token)
    // A session's cookie besides would make it two credentials, of which none counts.
    return send(target, { ...options, headers, credentials: 'omit' })
  }

  const askWho = async (candidate) => {
    const response = await send(endpoint, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json', authorization: 'Bearer ' + candidate },
      body: JSON.stringify({ query: '{ viewer { name role organization { name } } }' }),
    })
    const { data, errors } = await response.json()
    if (!data) throw new Error(errors?.[0]?.message ?? 'The API answers with ' + response.status)
    return data.viewer
  }

  bar.addEventListener('submit', async (event) => {
    event.preventDefault()
    const candidate = input.value.trim()
    try {
      await askWho(candidate)
      sessionStorage.setItem(storageKey, candidate)
      location.reload()
    } catch (error) {
      answer.value = 'This token does not work: ' + error.message
      input.setAttribute('aria-invalid', 'true')
      input.select()
    }
  })
  forget.addEventListener('click', () => {
    sessionStorage.removeItem(storageKey)
    location.reload()
  })

  if (token === null) {
    answer.value = 'Gatehouse prints it when it starts'
    return
  }
  input.value = token
  forget.hidden = false
  askWho(token).then(
    ({ name, role, organization }) => {
      answer.value = 'Signed in to ' + organization.name + ' as ' + name + ' (' + role + ')'
    },
    (error) => {
      answer.value = 'This token does not work: ' + error.message
    },
  )
}`
