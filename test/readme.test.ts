import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningServer, startServer } from '@pawl/server'

const root = path.resolve(import.meta.dirname, '..')
const QUICK_START_LINES_MAX = 20

/** The first JavaScript block below a heading of a document. */
async function blockBelow(heading: string, document: string): Promise<string> {
  const text = await readFile(path.join(root, document), 'utf8')
  const [, below = ''] = text.split(`\n## ${heading}`)
  const block = /^```js\n([\s\S]*?)^```/m.exec(below)?.[1]
  assert.ok(block, `${document} has code below "${heading}"`)
  return block
}

const quickStart = async () => await blockBelow('Quick start', 'README.md')

/** A browser's cookie jar, as far as one origin needs it. */
function makeJar() {
  const cookies = new Map<string, string>()
  return {
    cookies,
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    take(response: Response) {
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '' || /max-age=0/i.test(line)) cookies.delete(name)
        else cookies.set(name, value)
      }
    },
  }
}

describe('the quick start of the README, run as it stands', () => {
  let core: RunningServer
  let app: ChildProcess
  let folder: string
  let origin: string
  const jar = makeJar()

  before(async () => {
    // Inside the repository, so that its imports resolve as they would in an app.
    await mkdir(path.join(root, 'build'), { recursive: true })
    folder = await mkdtemp(path.join(root, 'build/readme-'))
    core = await startServer({ port: 0, dataDir: path.join(folder, 'data'), logSink: () => {} })
    const written = await quickStart()
    const placed = written
      .replace("'http://127.0.0.1:3567'", JSON.stringify(core.url))
      .replace(
        'app.listen(4000)',
        'app.listen(0, function () { process.send(this.address().port) })',
      )
    assert.notEqual(placed, written)
    const file = path.join(folder, 'app.mjs')
    await writeFile(file, placed)
    app = fork(file, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const [port] = await once(app, 'message')
    origin = `http://127.0.0.1:${port}`
  })

  after(async () => {
    app?.kill()
    await core?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const call = async (method: 'GET' | 'POST', place: string, body?: object) => {
    const response = await fetch(origin + place, {
      method,
      headers: {
        cookie: jar.header(),
        'sec-fetch-site': 'same-origin',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    jar.take(response)
    return response
  }

  test('it is short', async () => {
    const lines = (await quickStart()).split('\n').filter((line) => line.trim() !== '')
    assert.ok(lines.length <= QUICK_START_LINES_MAX, `${lines.length} lines`)
  })

  test('without a session the guarded route refuses', async () => {
    assert.equal((await call('GET', '/me')).status, 401)
  })

  test('logging in opens the guarded route', async () => {
    assert.equal((await call('POST', '/log-in', { name: 'ada' })).status, 200)
    const me = await call('GET', '/me')
    assert.deepEqual([me.status, await me.json()], [200, { userId: 'ada' }])
  })

  test('a refresh replaces both tokens, and the new ones work', async () => {
    const before = new Map(jar.cookies)
    const refreshed = await call('POST', '/auth/session/refresh')
    assert.ok(refreshed.ok, `${refreshed.status}`)
    assert.equal(jar.cookies.size, 2)
    for (const [name, value] of jar.cookies) assert.notEqual(value, before.get(name), name)
    assert.equal((await call('GET', '/me')).status, 200)
  })

  test('signing out takes the tokens back, and the route refuses again', async () => {
    assert.ok((await call('POST', '/auth/session/sign-out')).ok)
    assert.equal(jar.cookies.size, 0)
    assert.equal((await call('GET', '/me')).status, 401)
  })
})

test('the guide to a core without a service works in an empty folder', async () => {
  const folder = await mkdtemp(path.join(root, 'build/guide-'))
  try {
    const written = await blockBelow('4. Without a service', 'docs/guide/getting-started.md')
    const login = "new Request('http://127.0.0.1/', { headers: { 'pawl-transport': 'cookie' } })"
    const rest = [
      `const { session } = await pawl.createSession(${login}, { userId: 'ada' })`,
      'console.log(session.userId)',
      'await pawl.close()',
      'await core.close()',
    ]
    await writeFile(path.join(folder, 'app.mjs'), [written, ...rest].join('\n'))
    const app = fork('app.mjs', { cwd: folder, execArgv: [], stdio: ['ignore', 'pipe', 2, 'ipc'] })
    let printed = ''
    app.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
    })
    const [code] = await once(app, 'close')
    assert.deepEqual([code, printed], [0, 'ada\n'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
