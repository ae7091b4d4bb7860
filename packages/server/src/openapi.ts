import {
  COMMON_ERRORS,
  carriesBody,
  ERRORS,
  type ErrorCode,
  type Operation,
  ROUTES,
  shapes,
} from '@pawl/protocol'
import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'
import { UNREADY_REASONS } from './http/readiness.ts'
import { SERVICE_PATHS } from './http/router.ts'
import { packageVersion } from './version.ts'

type Json = { readonly [name: string]: unknown }

const DEFAULT_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain'

/** The native API as an OpenAPI 3.1 document, made from the route, shape and error tables. */
export function openapiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of Object.keys(ROUTES) as Operation[]) {
    const { method, path } = ROUTES[operation]
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeOperation(operation) }
  }
  for (const { path, summary, scope } of Object.values(SERVICE_PATHS)) {
    const isText = path === SERVICE_PATHS.metrics.path
    const schema = { type: isText ? 'string' : 'object' }
    const ok = { description: 'OK', content: { [isText ? TEXT_TYPE : DEFAULT_TYPE]: { schema } } }
    paths[path] = { get: { summary, ...securityOf(scope), responses: { 200: ok } } }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pawl core',
      version: packageVersion(),
      description: 'An app other than `default` has the same paths below `/apps/{app}`.',
    },
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  }
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'A problem document (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERRORS) },
    detail: { type: 'string' },
    session: {
      type: 'object',
      properties: Object.fromEntries(
        ['handle', 'userId', 'tenant', 'reason'].map((name) => [name, { type: 'string' }]),
      ),
    },
    retryAfterSeconds: { type: 'integer' },
    reasons: {
      type: 'array',
      description: 'Of `/health/ready` only: why it is not.',
      items: { type: 'string', enum: UNREADY_REASONS },
    },
  },
}

function describeOperation(operation: Operation): Json {
  const { method, path, scope, summary } = ROUTES[operation]
  const request = requestSchema(operation)
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
  const properties = Object.entries(request.properties)
  const parameters = properties
    .filter(([name]) => inPath.includes(name) || !carriesBody(method))
    .map(([name, schema]) => {
      const place = inPath.includes(name) ? 'path' : 'query'
      return { name, in: place, required: request.required.includes(name), schema }
    })
  const body = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties.filter(([name]) => !inPath.includes(name))),
    required: request.required.filter((name) => !inPath.includes(name)),
  }
  const hasBody = carriesBody(method)
  return {
    operationId: operation,
    summary,
    ...securityOf(scope),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody
      ? { requestBody: { required: true, content: { [DEFAULT_TYPE]: { schema: body } } } }
      : {}),
    responses: responsesOf(operation),
  }
}

function securityOf(scope: string): Json {
  return scope === 'open' ? { security: [] } : { security: [{ apiKey: [] }], 'x-scope': scope }
}

function responsesOf(operation: Operation): Json {
  const codes: readonly ErrorCode[] = [...ROUTES[operation].errors, ...COMMON_ERRORS]
  const responses: Record<string, Json> = {
    200: {
      description: 'OK',
      content: { [DEFAULT_TYPE]: { schema: jsonSchema(shapes[operation].response) } },
    },
  }
  for (const status of new Set(codes.map((code) => ERRORS[code].status))) {
    const named = codes.filter((code) => ERRORS[code].status === status)
    const schema = { $ref: '#/components/schemas/Problem' }
    responses[status] = {
      description: named.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
      content: { 'application/problem+json': { schema } },
    }
  }
  return responses
}

/** The JSON schema of an operation's request: its fields and which of them must be given. */
function requestSchema(operation: Operation): {
  readonly properties: { readonly [name: string]: Json }
  readonly required: readonly string[]
} {
  const schema = jsonSchema(shapes[operation].request)
  return {
    properties: (schema.properties ?? {}) as { [name: string]: Json },
    required: (schema.required ?? []) as string[],
  }
}

function jsonSchema(schema: GenericSchema): Json {
  const { $schema, ...own } = toJsonSchema(schema, {
    typeMode: 'input',
    // JSON objects are checked by a function of ours; everything else is a schema.
    overrideSchema: ({ valibotSchema, jsonSchema: made }) =>
      valibotSchema.type === 'custom' ? { type: 'object' } : made,
  })
  return own as Json
}
