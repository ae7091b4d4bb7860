import { openapiDocument } from '../../packages/server/src/openapi.ts'
import { code, table } from './markdown.ts'

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly default?: unknown
}

interface Content {
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Operation {
  readonly operationId?: string
  readonly summary: string
  readonly 'x-scope'?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

/** The native API of the core, from the document that the service itself gives. */
export function httpApiReference(): string {
  const { paths } = openapiDocument() as { readonly paths: Paths }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => describe(method, path, operation)),
  )
  return `The native API of the core service, for drivers and operators; front ends talk to a driver
instead. JSON in, JSON out; times are milliseconds since the epoch. The API key goes into
\`Authorization: Bearer …\`; on a loopback address the service works without one until keys are
configured. An app other than \`default\` has the same paths below \`/apps/{app}\`. Refusals are in
[errors.md](errors.md). The service gives this as OpenAPI 3.1 at \`/v1/openapi.json\`.

${routes.join('\n\n')}
`
}

function describe(method: string, path: string, operation: Operation): string {
  const scope = operation['x-scope']
  const answer = operation.responses['200']?.content['application/json']?.schema
  const parts = [
    `## ${method.toUpperCase()} ${path}`,
    `${operation.summary} ${scope === undefined ? 'Open.' : `Needs the scope ${code(scope)}.`}`,
    requestTable(operation),
    answer?.properties === undefined ? '' : `Answers ${code(shapeOf(answer))}.`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function requestTable(operation: Operation): string {
  const body = operation.requestBody?.content['application/json']?.schema
  const rows = [
    ...(operation.parameters ?? []).map((parameter) => ({ ...parameter, place: parameter.in })),
    ...Object.entries(body?.properties ?? {}).map(([name, schema]) => {
      const required = body?.required?.includes(name) === true
      return { name, schema, required, place: 'body' }
    }),
  ].map(({ name, schema, required, place }) => [
    code(name),
    place,
    code(shapeOf(schema)),
    required ? 'yes' : schema.default === undefined ? 'no' : code(JSON.stringify(schema.default)),
  ])
  return rows.length === 0 ? '' : table(['Field', 'In', 'Type', 'Required, or default'], rows)
}

function shapeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(shapeOf).join(' | ')
  if (schema.type === 'array') return `${shapeOf(schema.items ?? {})}[]`
  if (schema.properties === undefined) return schema.type ?? 'any'
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const mark = schema.required?.includes(name) === true ? '' : '?'
    return `${name}${mark}: ${shapeOf(member)}`
  })
  return `{ ${members.join(', ')} }`
}
