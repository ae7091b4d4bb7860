import assert from 'node:assert/strict'

/** One line of the text format. */
export interface ParsedSample {
  readonly name: string
  readonly labels: { readonly [name: string]: string }
  readonly value: number
}

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\+Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/y

/**
 * Reads the text format of Prometheus (0.0.4) as strictly as its own linter: help and type once and
 * first, samples of a metric together, no sample twice, counters by their suffix, histograms whole.
 */
export function parseMetrics(text: string): readonly ParsedSample[] {
  assert.ok(text.endsWith('\n'), 'the last line ends')
  const types = new Map<string, string>()
  const helped = new Set<string>()
  const samples: ParsedSample[] = []
  const seen = new Set<string>()
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, about = '', rest = ''] = COMMENT.exec(line) ?? []
    if (kind === 'HELP') {
      assert.ok(!helped.has(about), `${about} is told of twice`)
      helped.add(about)
      current = about
    } else if (kind === 'TYPE') {
      assert.equal(about, current, 'the type follows the help')
      assert.match(rest, /^(counter|gauge|histogram)$/)
      assert.equal(rest === 'counter', /_total$/.test(about), `${about} is a ${rest}`)
      types.set(about, rest)
    } else {
      const sample = parseSample(line)
      const isPart = types.get(current) === 'histogram'
      const base = isPart ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name
      assert.equal(base, current, `${line} stands under ${current}`)
      const identity = `${sample.name}${JSON.stringify(sample.labels)}`
      assert.ok(!seen.has(identity), `${identity} stands there twice`)
      seen.add(identity)
      samples.push(sample)
    }
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, samples)
  return samples
}

function parseSample(line: string): ParsedSample {
  const [, name = '', labelled = '', value = ''] = SAMPLE.exec(line) ?? []
  assert.notEqual(name, '', `${JSON.stringify(line)} is no sample`)
  const labels: Record<string, string> = {}
  let end = 0
  LABEL.lastIndex = 0
  for (let match = LABEL.exec(labelled); match !== null; match = LABEL.exec(labelled)) {
    const [, label = '', text = ''] = match
    assert.ok(!Object.hasOwn(labels, label), `${label} is given twice`)
    labels[label] = text.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
    end = LABEL.lastIndex
  }
  assert.equal(end, labelled.length, `${JSON.stringify(labelled)} are no labels`)
  return { name, labels, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) }
}

function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  for (const { labels, value: count } of samples.filter((one) => one.name === `${name}_count`)) {
    const same = samples.filter(({ labels: own }) =>
      Object.entries(labels).every(([label, text]) => own[label] === text),
    )
    const buckets = same.filter((one) => one.name === `${name}_bucket`)
    assert.ok(same.some((one) => one.name === `${name}_sum`))
    assert.equal(buckets.at(-1)?.labels.le, '+Inf')
    assert.equal(buckets.at(-1)?.value, count)
    buckets.reduce((before, { value, labels: { le } }) => {
      assert.ok(value >= before, `the bucket ${le} is below the one before`)
      return value
    }, 0)
  }
}
