/** What a field of a request has to be; `?`: it may be left out, or be null. */
type FieldKind = 'string' | 'boolean' | 'object' | 'number' | 'strings'

/** The fields of a route. */
export type FieldTable = { readonly [name: string]: FieldKind | `${FieldKind}?` }

type Json = { readonly [name: string]: unknown }
type ValueOf<K extends string> = K extends 'string'
  ? string
  : K extends 'boolean'
    ? boolean
    : K extends 'object'
      ? Json
      : K extends 'number'
        ? number
        : readonly string[]

/** The values of a table's fields. */
export type FieldsOf<T extends FieldTable> = {
  readonly [N in keyof T]: T[N] extends `${infer K}?`
    ? ValueOf<K> | undefined
    : ValueOf<T[N] & string>
}

/** Fields that were read, or the sentence that says what is wrong. */
export type ReadFields<T extends FieldTable> =
  | { readonly kind: 'fields'; readonly fields: FieldsOf<T> }
  | { readonly kind: 'fault'; readonly fault: string }

const CHECKS: { readonly [K in FieldKind]: (value: unknown) => boolean } = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  strings: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
}

interface Field {
  readonly name: string
  readonly isOptional: boolean
  readonly isRight: (value: unknown) => boolean
}

/** What tables say, taken apart once. */
const known = new WeakMap<FieldTable, readonly Field[]>()

function fieldsOf(table: FieldTable): readonly Field[] {
  const found = known.get(table)
  if (found !== undefined) return found
  const fields = Object.entries(table).map(([name, spec]) => {
    const isOptional = spec.endsWith('?')
    const kind = (isOptional ? spec.slice(0, -1) : spec) as FieldKind
    return { name, isOptional, isRight: CHECKS[kind] }
  })
  known.set(table, fields)
  return fields
}

/** Reads the fields of a JSON body; what the table does not name is left alone. */
export function readBodyFields<T extends FieldTable>(table: T, body: Json): ReadFields<T> {
  const fields: Record<string, unknown> = {}
  for (const { name, isOptional, isRight } of fieldsOf(table)) {
    const value = Object.hasOwn(body, name) ? body[name] : undefined
    if (isOptional && (value === undefined || value === null)) continue
    if (!isRight(value)) {
      return { kind: 'fault', fault: `Field name '${name}' is invalid in JSON input` }
    }
    fields[name] = value
  }
  return { kind: 'fields', fields: fields as FieldsOf<T> }
}

/** Reads the fields of a query: texts, and booleans as `true` or `false`. */
export function readQueryFields<T extends FieldTable>(table: T, query: string): ReadFields<T> {
  const given = new URLSearchParams(query)
  const fields: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(table)) {
    const text = given.get(name)
    if (text === null) {
      if (spec.endsWith('?')) continue
      return { kind: 'fault', fault: `Field name '${name}' is missing in GET request` }
    }
    fields[name] = spec.startsWith('boolean') ? text.toLowerCase() === 'true' : text
  }
  return { kind: 'fields', fields: fields as FieldsOf<T> }
}
