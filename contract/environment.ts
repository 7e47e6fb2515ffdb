export type ProcessName =
  | 'control-plane'
  | 'data-plane'
  | 'up'
  | 'migrate'
  | 'create-admin-token'
  | 'restore'
  | 'rotate-signing-key'
  | 'simulator'
  | 'reset'
  | 'client'

export interface EnvironmentVariable {
  readonly description: string
  /** Which commands read it. */
  readonly readBy: readonly ProcessName[]
  /** What holds when it is not set; absent where it must be set or where nothing takes its place. */
  readonly default?: string
  /** Never shown or logged. */
  readonly secret?: boolean
}

/** Every variable that Gatehouse reads. `.env.example` shows the same list. */
export const environmentVariables = {
  DATABASE_URL: {
    description:
      'PostgreSQL as the application role (made by "gatehouse migrate"). "gatehouse up" runs its own database when it is not set',
    readBy: ['control-plane', 'up', 'create-admin-token', 'restore', 'rotate-signing-key'],
    secret: true,
  },
  DATABASE_OWNER_URL: {
    description: 'PostgreSQL as the role that owns the tables; only for migrations and restores',
    readBy: ['migrate', 'up', 'restore'],
    secret: true,
  },
  REDIS_URL: {
    description:
      'The Redis between the planes: redis:// or rediss:// (TLS), or redis+sentinel:// with the sentinels and ?name= of the master, or redis+cluster://. "gatehouse up" runs redis-server from PATH, or none, when it is not set',
    readBy: ['control-plane', 'data-plane', 'up'],
    secret: true,
  },
  GATEHOUSE_MASTER_KEY: {
    description:
      'Encrypts stored secrets: 32 random bytes in base64 (openssl rand -base64 32). "gatehouse up" keeps its own',
    readBy: ['control-plane', 'up', 'rotate-signing-key'],
    secret: true,
  },
  CONTROL_PLANE_HOST: {
    description: 'Address that the GraphQL API listens on',
    readBy: ['control-plane', 'up'],
    default: '127.0.0.1',
  },
  CONTROL_PLANE_PORT: {
    description: 'Port of the GraphQL API and its page; 0 picks a free one',
    readBy: ['control-plane', 'up'],
    default: '4000',
  },
  CONTROL_PLANE_PUBLIC_URL: {
    description:
      'Where browsers find the control plane, an origin such as https://gatehouse.example.com: identity providers send people back there. Where it listens unless said',
    readBy: ['control-plane', 'up'],
  },
  SESSION_STORE: {
    description:
      'Where the sessions of people who are signed in are kept: "database", "redis", or "memory" for a single process that may forget them',
    readBy: ['control-plane', 'up'],
    default: 'database',
  },
  SESSION_IDLE_MINUTES: {
    description: 'How long a session lasts without use',
    readBy: ['control-plane', 'up'],
    default: '30',
  },
  SESSION_HOURS: {
    description: 'How long a session lasts at most',
    readBy: ['control-plane', 'up'],
    default: '12',
  },
  SESSION_CHECK_MINUTES: {
    description: 'After how long a session is checked anew with the identity provider',
    readBy: ['control-plane', 'up'],
    default: '15',
  },
  SESSIONS_PER_USER: {
    description: 'In how many browsers a user may be signed in at once',
    readBy: ['control-plane', 'up'],
    default: '10',
  },
  SESSION_WHEN_FULL: {
    description:
      'What becomes of one more: "evict" ends the one that was used least recently, "reject" refuses the sign-in',
    readBy: ['control-plane', 'up'],
    default: 'evict',
  },
  CONTROL_PLANE_TRUSTED_PROXIES: {
    description:
      'Addresses and networks of proxies whose X-Forwarded-For is believed, separated by commas; none unless said',
    readBy: ['control-plane', 'up'],
    default: '',
  },
  GRAPHQL_INTROSPECTION: {
    description:
      'Whether callers with a token may read the schema from the API: "on" or "off"; off, the page at / is not served',
    readBy: ['control-plane', 'up'],
    default: 'on',
  },
  GRAPHQL_PERSISTED_OPERATIONS: {
    description:
      'A JSON file of operations, {"<id>": "<text>"} (graphql-codegen: persistedDocuments). When set, any other operation is refused',
    readBy: ['control-plane', 'up'],
    default: '',
  },
  GRAPHQL_REQUESTS_PER_MINUTE: {
    description:
      'GraphQL requests a minute of one API token, for each control-plane process; more answer 429',
    readBy: ['control-plane', 'up'],
    default: '3000',
  },
  GRAPHQL_REQUESTS_PER_MINUTE_OF_ADDRESS: {
    description:
      'GraphQL requests a minute of one address (IPv6: one /64 network), for each control-plane process; more answer 429',
    readBy: ['control-plane', 'up'],
    default: '6000',
  },
  GRAPHQL_OPERATION_TIMEOUT_SECONDS: {
    description: 'The most that one GraphQL operation, and each of its database statements, may take',
    readBy: ['control-plane', 'up'],
    default: '30',
  },
  CONFIGURATION_HISTORY_DAYS: {
    description:
      'How many days a revision of the configuration is kept, to be read and rolled back to; older ones are deleted, but never what is configured now',
    readBy: ['control-plane', 'up'],
    default: '90',
  },
  DATA_PLANE_HOST: {
    description: 'Address that takes inference calls',
    readBy: ['data-plane', 'up'],
    default: '127.0.0.1',
  },
  DATA_PLANE_PORT: {
    description: 'Port that takes inference calls (/v1/*); 0 picks a free one',
    readBy: ['data-plane', 'up'],
    default: '8080',
  },
  DATA_PLANE_STATUS_HOST: {
    description: 'Address of the status API; anything but loopback needs GATEHOUSE_STATUS_TOKEN',
    readBy: ['data-plane', 'up'],
    default: '127.0.0.1',
  },
  DATA_PLANE_STATUS_PORT: {
    description: 'Port of /status/graphql, /metrics, /healthz and /readyz; 0 picks a free one',
    readBy: ['data-plane', 'up'],
    default: '8081',
  },
  DATA_PLANE_NAME: {
    description: "What the control plane calls this data plane; the machine's host name when it is not set",
    readBy: ['data-plane'],
    default: '',
  },
  CONTROL_PLANE_URL: {
    description: 'Where a data plane enrols, and asks for its configuration while Redis is silent',
    readBy: ['data-plane'],
    default: 'http://127.0.0.1:4000',
  },
  GATEHOUSE_STATE_DIR: {
    description: "A data plane's folder: its keys, the last good configuration, the journal",
    readBy: ['data-plane'],
    default: '.gatehouse/data-plane',
  },
  GATEHOUSE_ENROLMENT_TOKEN: {
    description: 'One-time token of a first start (GraphQL: createEnrolmentToken); not needed once enrolled',
    readBy: ['data-plane'],
    secret: true,
  },
  GATEHOUSE_PLUGINS: {
    description: 'Custom plugins to load: package names or paths, separated by commas',
    readBy: ['data-plane', 'up'],
    default: '',
  },
  GATEHOUSE_AUDIT_DURABILITY: {
    description:
      'When a call counts as recorded: "sync" (on disk), "process" (handed to the operating system) or "remote" (in Redis too, for a data plane whose disk may go with it; Redis needs appendonly yes and appendfsync always)',
    readBy: ['data-plane', 'up'],
    default: 'sync',
  },
  GATEHOUSE_JOURNAL_MAX_BYTES: {
    description:
      'Largest size of the journal on disk, in bytes, at least 1048576; at nine tenths of it no further call is recorded',
    readBy: ['data-plane', 'up'],
    default: '1073741824',
  },
  GATEHOUSE_AUDIT_WHEN_FULL: {
    description:
      'What becomes of calls that cannot be recorded because the journal or its disk is full: "refuse" (503 audit_unavailable) or "count" (served, and the control plane is told how many; those with a budget are refused all the same)',
    readBy: ['data-plane', 'up'],
    default: 'refuse',
  },
  GATEHOUSE_DRAIN_SECONDS: {
    description:
      'How long a data plane that is asked to end waits for the streams and calls under way; give it 20 seconds more before it is killed',
    readBy: ['data-plane', 'up'],
    default: '90',
  },
  GATEHOUSE_DRAIN_NOTICE_SECONDS: {
    description:
      'How long it goes on taking new connections before that, while /readyz already says 503: as long as the load balancer needs to notice',
    readBy: ['data-plane'],
    default: '0',
  },
  GATEHOUSE_STATUS_TOKEN: {
    description:
      'Bearer token of the status API and of /metrics; required where the status API listens beyond loopback',
    readBy: ['control-plane', 'data-plane', 'up'],
    secret: true,
  },
  GATEHOUSE_DATA_DIR: {
    description: 'Where "gatehouse up" keeps its database, keys and quickstart.json',
    readBy: ['up', 'create-admin-token', 'restore', 'rotate-signing-key', 'simulator', 'reset', 'client'],
    default: '.gatehouse',
  },
  GATEHOUSE_URL: {
    description:
      'The control plane that apply, export, keys, usage and audit ask; that of "gatehouse up" when it is not set',
    readBy: ['client'],
  },
  GATEHOUSE_TOKEN: {
    description: 'The API token that they ask with; that of "gatehouse up" for its own control plane',
    readBy: ['client'],
    secret: true,
  },
  OPENAI_API_KEY: {
    description: 'When set, "gatehouse up" adds a provider "openai" with this key, unless there is one',
    readBy: ['up'],
    secret: true,
  },
  DEMO_PROVIDER_PORT: {
    description: 'Port of the demo provider; 0 picks a free one',
    readBy: ['up', 'simulator'],
    default: '4010',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    description:
      'OpenTelemetry collector for traces and metrics over OTLP/HTTP; nothing is exported without it',
    readBy: ['control-plane', 'data-plane', 'up'],
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    description: 'Headers of every export, such as authorization=Bearer%20…, separated by commas',
    readBy: ['control-plane', 'data-plane', 'up'],
    secret: true,
  },
  LOG_LEVEL: {
    description: 'trace, debug, info, warn, error, fatal or silent',
    readBy: ['control-plane', 'data-plane', 'up'],
    default: 'info',
  },
} as const satisfies Record<string, EnvironmentVariable>

/** Names in our namespace that nothing reads: most likely misspelt, and then silently without effect. */
export function unknownNames(source: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(source).filter(
    (name) => name.startsWith('GATEHOUSE_') && !Object.hasOwn(environmentVariables, name),
  )
}
