import type { ConfigRow } from './config-row.ts'

/** A value of the configuration, or what is wrong with it. */
export type ParsedValue =
  | { readonly kind: 'value'; readonly value: string | number | readonly string[] }
  | { readonly kind: 'fault'; readonly fault: string }

const TEXT_CHARS_MAX = 1_024
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const PRINTABLE = /^[^\u0000-\u001f\u007f]+$/

/** Reads a value by its row: text as it comes from the environment, or JSON from a file. */
export function parseValue(row: ConfigRow, raw: unknown): ParsedValue {
  switch (row.type) {
    case 'integer':
      return parseInteger(row, raw)
    case 'list':
      return parseList(raw)
    case 'choice':
      return row.choices?.includes(String(raw))
        ? { kind: 'value', value: String(raw) }
        : fault(`must be one of ${row.choices?.join(', ')}`)
    case 'text':
      if (typeof raw !== 'string' || !PRINTABLE.test(raw) || raw.length > TEXT_CHARS_MAX) {
        return fault(`must be text of 1 to ${TEXT_CHARS_MAX} printable characters`)
      }
      return { kind: 'value', value: raw }
  }
}

function parseInteger(row: ConfigRow, raw: unknown): ParsedValue {
  const [min, max] = row.range ?? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
  const isText = typeof raw === 'string' && /^-?\d{1,15}$/.test(raw)
  const value = isText ? Number(raw) : raw
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    const unit = row.unit === undefined ? '' : ` ${row.unit}`
    return fault(`must be a whole number from ${min} to ${max}${unit}`)
  }
  return { kind: 'value', value: value as number }
}

function parseList(raw: unknown): ParsedValue {
  const items = typeof raw === 'string' ? raw.split(/[\n,]/) : raw
  if (!Array.isArray(items) || items.some((item) => typeof item !== 'string')) {
    return fault('must be a list of texts')
  }
  return { kind: 'value', value: items.map((item) => item.trim()).filter((item) => item !== '') }
}

function fault(text: string): ParsedValue {
  return { kind: 'fault', fault: text }
}
