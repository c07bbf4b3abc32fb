import type { Connection } from '@temporalio/client';

/** The same connection, but one request of the workflow service is answered by `answer` instead of by the server. */
export function withAnswer(
  connection: Connection,
  request: keyof Connection['workflowService'],
  answer: () => Promise<unknown>,
): Connection {
  const workflowService = new Proxy(connection.workflowService, {
    get: (service, name) => (name === request ? answer : Reflect.get(service, name, service)),
  });
  return new Proxy(connection, {
    get: (real, name) => (name === 'workflowService' ? workflowService : Reflect.get(real, name, real)),
  });
}
