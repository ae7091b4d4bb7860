import { DatabaseSync } from 'node:sqlite'
import { loadPeer } from '../peers/install-peers.ts'
import { runInFlight, type Subject } from './subject.ts'

const BATCH = 32
const USERS = 8
const COOKIE_CACHE_SECONDS = 3_600

interface Auth {
  readonly options: object
  readonly api: {
    signUpEmail(input: object): Promise<Response>
    getSession(input: { readonly headers: Headers }): Promise<{ session: object } | null>
  }
}

interface Migrations {
  getMigrations(options: object): Promise<{ runMigrations(): Promise<void> }>
}

/** better-auth's `getSession` with its cookie cache on (SQLite behind it), so many at a time. */
export async function open(inFlight: string): Promise<Subject> {
  const database = new DatabaseSync(':memory:')
  const { betterAuth } = loadPeer<{ betterAuth: (options: object) => Auth }>('better-auth')
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1:3000',
    secret: 'a secret of the benchmark, 32 characters and more',
    database,
    emailAndPassword: { enabled: true },
    session: { cookieCache: { enabled: true, maxAge: COOKIE_CACHE_SECONDS } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  })
  const { getMigrations } = loadPeer<Migrations>('better-auth/db/migration')
  await (await getMigrations(auth.options)).runMigrations()
  const requests: Headers[] = []
  for (let user = 0; user < USERS; user++) requests.push(await signUp(auth, user))
  return {
    batch: () =>
      runInFlight(BATCH, Number(inFlight), async (index) => {
        const headers = requests[index % USERS] ?? new Headers()
        if ((await auth.api.getSession({ headers })) === null) throw new Error('no session')
      }),
    close: () => database.close(),
  }
}

async function signUp(auth: Auth, user: number): Promise<Headers> {
  const body = { email: `user-${user}@example.com`, password: 'a long password', name: 'Ada' }
  const response = await auth.api.signUpEmail({ body, asResponse: true })
  const cookies = response.headers.getSetCookie().map((line) => line.split(';')[0])
  return new Headers({ cookie: cookies.join('; ') })
}
