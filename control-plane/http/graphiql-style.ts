/** What the editor's own style lacks: a place for the token, a focus that is seen, and a layout for a phone. */
export const pageStyle = `
:root { color-scheme: light dark; }
body.graphiql-light { color-scheme: light; }
body.graphiql-dark { color-scheme: dark; }
body {
  display: flex; flex-direction: column; height: 100vh; height: 100dvh;
  background: light-dark(#fff, #212a3b); color: light-dark(#3b4b68, #b7c2d7);
}
#root { flex: 1; min-height: 0; }
#root .graphiql-container { height: 100%; width: 100%; }

.token-bar {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding: 8px 16px;
  border-bottom: 1px solid light-dark(#d5dae3, #3d4a63); font: 15px/1.4 system-ui, sans-serif;
}
.token-bar label { font-weight: 600; }
.token-bar input, .token-bar button {
  min-height: 36px; padding: 4px 10px; box-sizing: border-box; border-radius: 6px; font: inherit; color: inherit;
  border: 1px solid light-dark(#7b8699, #8090ac); background: light-dark(#fff, #2d3648);
}
.token-bar input { flex: 0 1 24rem; min-width: 10rem; }
.token-bar input::placeholder { color: inherit; opacity: 0.75; }
.token-bar button { cursor: pointer; }
.token-bar output:empty { display: none; }
.token-bar :focus-visible { outline: 2px solid light-dark(#b0036f, #ff5794); outline-offset: 2px; }

:is(.graphiql-container, .graphiql-dialog) :is(button, a, [tabindex], section):focus-visible,
.graphiql-editor:focus-visible {
  outline: 2px solid hsl(var(--color-primary)); outline-offset: -2px;
}
.graphiql-execute-button:focus-visible { outline-offset: 2px !important; }

@media (max-width: 700px) {
  .token-bar label { flex-basis: 100%; }
  .token-bar input { flex: 1; }
  #root .graphiql-container .graphiql-container { flex-direction: column; overflow-y: auto; }
  .graphiql-container .graphiql-sidebar { flex-direction: row; width: auto; padding: 4px 8px; flex-shrink: 0; }
  .graphiql-container .graphiql-sidebar > button { margin-top: 0 !important; }
  .graphiql-container .graphiql-main { flex: 1 0 auto; flex-direction: column; }
  .graphiql-container .graphiql-plugin:not([style*="position: absolute"]) { flex: none !important; max-height: 60vh; }
  .graphiql-container .graphiql-sessions { margin: 0; border-radius: 0; min-height: 640px; }
  .graphiql-container .graphiql-logo { display: none; }
  .graphiql-container #graphiql-session { flex-direction: column; gap: 8px; }
  .graphiql-container .graphiql-editors { min-height: 380px; }
  .graphiql-container .graphiql-response { min-height: 220px; }
  .graphiql-container .graphiql-horizontal-drag-bar { display: none; }
}
`
