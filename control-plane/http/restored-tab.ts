/**
 * For the browser, ahead of the editor's own script: lets a reload come back to the tab that was open. The editor
 * looks for it by the query and the variables that it stored last, which are not always those of that tab, and
 * otherwise opens an empty one beside it, one more at every reload.
 */
export const restoreTab = `() => {
  const stored = localStorage.getItem('graphiql:tabState')
  if (stored === null) return
  const { tabs, activeTabIndex } = JSON.parse(stored)
  const linked = new URLSearchParams(location.search).get('query')
  const tab = linked === null ? tabs[activeTabIndex] : tabs.find(({ query }) => query === linked)
  if (!tab) return
  localStorage.setItem('graphiql:query', tab.query ?? '')
  localStorage.setItem('graphiql:variables', tab.variables ?? '')
}`
