const kept = ['PATH', 'HOME', 'NODE_COMPILE_CACHE']

/** Nothing of this process's environment but what finds programs, and what others have compiled already. */
export function bareEnvironment(): Record<string, string> {
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
