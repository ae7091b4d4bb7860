import { keySetAnswer } from '../key-set-answer.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { json, refusal, text, type WireAnswer } from '../wire-reply.ts'

/** The one algorithm that drivers ask for. */
const ALGORITHM = 'RS256'
/** Longest life of a JWT: what drivers ask for unless told otherwise, and a little, in seconds. */
const VALIDITY_MAX_SECONDS = 3_200_000_000

/** `POST /recipe/jwt`: signs what the application says. */
export const createJwt = defineRoute({
  scope: 'app',
  fields: {
    payload: 'object',
    validity: 'number',
    algorithm: 'string',
    jwksDomain: 'string',
    useStaticSigningKey: 'boolean?',
  },
  async run(call) {
    const { payload, validity, algorithm, jwksDomain } = call.fields
    if (algorithm.toUpperCase() !== ALGORITHM) {
      return json({ status: 'UNSUPPORTED_ALGORITHM_ERROR' })
    }
    if (!(validity > 0 && validity <= VALIDITY_MAX_SECONDS)) {
      return text(400, `validity must be greater than 0 and at most ${VALIDITY_MAX_SECONDS}`)
    }
    const iat = Math.floor(Date.now() / 1000)
    const exp = iat + Math.ceil(validity)
    const claims = { iss: jwksDomain, ...payload, iat, exp }
    const jwt = await call.context.core.signPlainJwt(call.app, { payload: claims, keys: 'rsa' })
    return json({ status: 'OK', jwt })
  },
})

/** `GET /.well-known/jwks.json` of an app: without a key, as any verifier may ask for it. */
export const keySet = defineRoute({
  scope: 'tenant',
  isOpen: true,
  isOld: true,
  fields: {},
  run: (call) => answerKeys(call, { isDriver: call.isDriver }),
})

/** `GET /recipe/jwt/jwks`, which newer drivers do not call. */
export const oldKeySet = defineRoute({
  scope: 'app',
  fields: {},
  run: (call) => answerKeys(call, { status: 'OK', isDriver: true }),
})

async function answerKeys(
  { native, context, app }: WireCall,
  form: { readonly status?: string; readonly isDriver: boolean },
): Promise<WireAnswer> {
  const keys = await native.getKeys({})
  if (keys.kind === 'refused') return refusal(keys)
  const nextKeySeconds = await context.core.nextKeySeconds(app)
  return keySetAnswer({ keys: keys.value.keys, nextKeySeconds, ...form })
}
