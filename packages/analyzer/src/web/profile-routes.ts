import type { FastifyInstance } from 'fastify'
import { ChokepointError } from '../model/errors.ts'
import { PROFILE_KINDS, type ProfileKind, type ProfilePort } from '../model/profile.ts'
import { refuseCrossSite } from './authorize.ts'
import { sendAnswer } from './envelope.ts'
import { Parameters } from './parameters.ts'
import { tenantOf } from './tenant.ts'

const SECONDS_DEFAULT = 10
const SECONDS_MAX = 120

/** Lists profiles, has one taken, and gives its file. */
export function profileRoutes(app: FastifyInstance, profiles: ProfilePort): void {
  app.get('/api/v1/profiles', (request, reply) =>
    sendAnswer(reply, { data: profiles.state(tenantOf(request)) }),
  )
  app.post('/api/v1/profiles/take', async (request, reply) => {
    refuseCrossSite(request)
    const parameters = Parameters.of(request)
    const kind = kindParameter(parameters)
    const seconds = secondsParameter(parameters)
    const service = parameters.get('service')
    return sendAnswer(reply, {
      data: await profiles.take(tenantOf(request), service, kind, seconds),
    })
  })
  app.get('/api/v1/profiles/:id', async (request, reply) => {
    const { id } = request.params as { readonly id: string }
    const file = await profiles.read(tenantOf(request), id)
    return reply
      .header('content-disposition', `attachment; filename="${id}.pb.gz"`)
      .type('application/octet-stream')
      .send(Buffer.from(file))
  })
}

function kindParameter(parameters: Parameters): ProfileKind {
  const text = parameters.get('kind') || 'cpu'
  const kind = PROFILE_KINDS.find((known) => known === text)
  if (kind !== undefined) return kind
  const message = `invalid parameter "kind": there is ${PROFILE_KINDS.join(' and ')}, not "${text}"`
  throw new ChokepointError('PARAMETER_INVALID', message)
}

function secondsParameter(parameters: Parameters): number {
  const text = parameters.get('seconds')
  const seconds = text === '' ? SECONDS_DEFAULT : Number(text)
  if (seconds >= 1 && seconds <= SECONDS_MAX) return seconds
  const message = `invalid parameter "seconds": it must be from 1 to ${SECONDS_MAX}, not ${text}`
  throw new ChokepointError('PARAMETER_INVALID', message)
}
