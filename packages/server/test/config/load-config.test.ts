import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ConfigSources, type LoadedConfig, loadConfig } from '../../src/config/load-config.ts'
import { printConfig } from '../../src/config/print-config.ts'
import { CONFIG, CONFIG_KEYS, configRow, flagOf } from '../../src/config/table.ts'
import { generateApiKey } from '../../src/http/api-keys.ts'

let dir: string
before(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'pawl-config-'))
})
after(() => rmSync(dir, { recursive: true }))

function fileWith(content: string): string {
  const file = path.join(dir, `${Math.floor(performance.now() * 1000)}.json`)
  writeFileSync(file, content)
  return file
}

function loaded(sources: Partial<ConfigSources>): Extract<LoadedConfig, { kind: 'config' }> {
  const result = loadConfig({ env: {}, ...sources })
  assert.equal(result.kind, 'config', JSON.stringify(result))
  return result as Extract<LoadedConfig, { kind: 'config' }>
}

function faults(sources: Partial<ConfigSources>): readonly string[] {
  const result = loadConfig({ env: {}, ...sources })
  return result.kind === 'faults' ? result.faults : []
}

describe('the configuration table', () => {
  it('has a default in range for every key, and one name for each thing', () => {
    const { config } = loaded({})
    for (const key of CONFIG_KEYS) assert.deepEqual(config[key], CONFIG[key].default)
    const names = CONFIG_KEYS.flatMap((key) => [configRow(key).env, flagOf(key)])
    assert.equal(new Set(names).size, names.length)
  })
})

describe('loading the configuration', () => {
  it('lets flags go before the environment, and that before the file', () => {
    const file = fileWith('{"port": 1, "host": "127.0.0.2", "issuer": "file"}')
    const env = { PAWL_PORT: '2', PAWL_ISSUER: 'env' }
    const { config, origins } = loaded({ file, env, flags: { port: '3' } })
    assert.deepEqual([config.port, config.issuer, config.host], [3, 'env', '127.0.0.2'])
    assert.deepEqual(
      [origins.port, origins.issuer, origins.host, origins.store],
      ['--port', 'PAWL_ISSUER', 'file', 'default'],
    )
  })

  it('reports all faults at once, each with the nearest known key', () => {
    const file = fileWith('{"raceWindow": 5, "logLevel": "loud"}')
    const found = faults({ file, env: { PAWL_PROT: '1', PAWL_PORT: '70000' } })
    assert.equal(found.length, 4)
    const text = found.join('\n')
    assert.match(text, /raceWindow \(file\) is not a known key: did you mean raceWindowMs\?/)
    assert.match(text, /PAWL_PROT is not a known variable: did you mean PAWL_PORT\?/)
    assert.match(text, /port \(PAWL_PORT\) must be a whole number from 0 to 65535/)
    assert.match(text, /logLevel \(file\) must be one of debug/)
  })

  it('only warns of a variable that is far from any of ours', () => {
    const { warnings } = loaded({ env: { PAWL_SOMETHING_OF_ANOTHER_TOOL: '1' } })
    assert.equal(warnings.length, 1)
  })

  it('refuses what is legal alone and not together', () => {
    assert.match(faults({ env: { PAWL_RACE_WINDOW_MS: '400000' } }).join(), /race window/)
    const idle = { PAWL_IDLE_TIMEOUT_SECONDS: '1000' }
    assert.match(faults({ env: idle }).join(), /at least twice the access token's life/)
    loaded({ env: { ...idle, PAWL_ASSURANCE: 'aal3' } })
  })

  it('reads secrets from files, and never repeats one', () => {
    const canary = 'canary-canary-canary-0123456789-abcdef'
    const file = fileWith(`${canary}\n\n`)
    assert.deepEqual(loaded({ env: { PAWL_SECRET_FILE: file } }).config.secret, [canary])
    const both = faults({ env: { PAWL_SECRET_FILE: file, PAWL_SECRET: canary } })
    assert.match(both.join(), /not both/)
    const missing = faults({ env: { PAWL_SECRET_FILE: path.join(dir, 'nowhere') } })
    assert.match(missing.join(), /PAWL_SECRET_FILE cannot be read/)
    const short = canary.slice(0, 20)
    const bad = faults({ env: { PAWL_SECRET: short, PAWL_API_KEYS: canary } }).join()
    assert.match(bad, /master secret must be 32/)
    assert.match(bad, /apiKeys: entry 1 is not a key/)
    assert.equal(bad.includes(short), false)
  })

  it('takes keys of a file in groups, or with dots', () => {
    const file = fileWith('{"compat": {"strictRotation": true}, "compat.enabled": false}')
    const { config } = loaded({ file, env: {} })
    assert.deepEqual([config.compatStrictRotation, config.compatEnabled], ['true', 'false'])
    const text = faults({ file: fileWith('{"compat": {"strictRotatoin": true}}'), env: {} }).join()
    assert.match(text, /compatStrictRotatoin \(file\) .* did you mean compatStrictRotation\?/)
  })

  it('says what is wrong with a file', () => {
    for (const content of ['{', '[]', 'null']) {
      assert.match(faults({ file: fileWith(content) }).join(), /configuration file/)
    }
    assert.match(faults({ file: path.join(dir, 'nowhere') }).join(), /cannot be read/)
  })

  it('prints every key with its origin, and no secret', () => {
    const canary = 'canary-canary-canary-0123456789-abcdef'
    const { key } = generateApiKey()
    const env = { PAWL_SECRET: canary, PAWL_API_KEYS: key, PAWL_PORT: '0' }
    const { config, origins } = loaded({ env })
    const text = printConfig(config, origins)
    assert.equal(text.split('\n').length, CONFIG_KEYS.length + 1)
    assert.match(text, /^port = 0 {2}\(PAWL_PORT\)$/m)
    assert.match(text, /^secret = \[1 hidden\] {2}\(PAWL_SECRET\)$/m)
    assert.equal(text.includes('canary') || text.includes('pawl_key1'), false)
  })
})
