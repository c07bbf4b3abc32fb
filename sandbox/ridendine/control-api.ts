import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type CredentialCheck, unauthorized } from './credential.ts';
import { type FaultPlan, type PlannedFault, faultSchema } from './faults.ts';
import { parseJson } from './order-acceptance.ts';
import { describeIssues } from './order-body.ts';
import type { OrderStore, StoredAttempt, StoredOrder } from './order-store.ts';
import { problem, sendProblem } from './problem.ts';

export interface ControlApiOptions {
  store: OrderStore;
  faults: FaultPlan;
  isAuthorized: CredentialCheck;
}

const filterSchema = z.strictObject({
  external_order_id: z.string().optional(),
  idempotency_key: z.string().optional(),
});

const forgetSchema = z.strictObject({ external_order_id: z.string().min(1).optional() });

/**
 * Registers the control API under /sandbox/, which no real partner offers. It shows what the sandbox holds, and makes
 * faults on demand. README.md lists its requests.
 */
export function registerControlApi(app: FastifyInstance, options: ControlApiOptions): void {
  const { store, faults, isAuthorized } = options;

  void app.register(
    async (control) => {
      control.addHook('onRequest', async (request, reply) => {
        if (!isAuthorized(request.headers.authorization)) return sendProblem(reply, unauthorized);
        return undefined;
      });

      control.get('/orders', async (request, reply) =>
        accepted(reply, filterSchema.safeParse(request.query), (filter) =>
          reply.send({ orders: store.listOrders(filter).map(withShownBody) }),
        ),
      );
      control.get('/attempts', async (request, reply) =>
        accepted(reply, filterSchema.safeParse(request.query), (filter) =>
          reply.send({ attempts: store.listAttempts(filter).map(withShownBody) }),
        ),
      );

      control.get('/faults', async () => ({ faults: faults.list().map(showFault) }));
      control.post('/faults', async (request, reply) =>
        accepted(reply, faultSchema.safeParse(readJson(request)), (fault) =>
          reply.code(201).send(showFault(faults.add(fault))),
        ),
      );
      control.delete('/faults', async () => ({ removed: faults.remove() }));
      control.delete<{ Params: { id: string } }>('/faults/:id', async (request) => ({
        removed: faults.remove(request.params.id),
      }));

      control.post('/idempotency-keys/forget', async (request, reply) =>
        accepted(reply, forgetSchema.safeParse(readJson(request) ?? {}), (body) =>
          reply.send({ forgotten: store.forgetKeys(body.external_order_id) }),
        ),
      );
    },
    { prefix: '/sandbox' },
  );
}

async function accepted<Input>(
  reply: FastifyReply,
  result: z.ZodSafeParseResult<Input>,
  answer: (input: Input) => FastifyReply,
): Promise<FastifyReply> {
  if (result.success) return answer(result.data);
  const errors = describeIssues(result.error);
  return sendProblem(reply, problem('control-invalid', { title: 'The sandbox cannot do this', status: 422, errors }));
}

/** `undefined` without a body, `null` for a body that is not JSON. The schema then says what is missing. */
function readJson({ body }: FastifyRequest): unknown {
  return Buffer.isBuffer(body) ? (parseJson(body) ?? null) : undefined;
}

/** Shows the body as text to read and as base64 to compare: the text loses bytes that are not UTF-8. */
function withShownBody({ body, ...rest }: StoredOrder | StoredAttempt) {
  return { ...rest, raw_body: body.toString('utf8'), raw_body_base64: body.toString('base64') };
}

function showFault({ id, fault, timesLeft, timesUsed }: PlannedFault) {
  return { id, ...fault, times_left: timesLeft, times_used: timesUsed };
}
