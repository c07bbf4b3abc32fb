export interface DirectusAnswer {
  status: number;
  /** `data` of the answer. */
  data: unknown;
  /** `extensions.code` of each error. */
  codes: string[];
  /** `extensions.field` of the first error. */
  field: string | undefined;
}

interface AnswerBody {
  data?: unknown;
  errors?: { extensions?: { code?: string; field?: string } }[];
}

export type CallDirectus = (method: string, path: string, body?: unknown) => Promise<DirectusAnswer>;

/** Calls Directus over plain HTTP, so that a test sees the raw answer. Without a token, the caller is the public. */
export function directusCaller({ url, token }: { url: string; token?: string }): CallDirectus {
  return async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { data, errors = [] }: AnswerBody = text === '' ? {} : JSON.parse(text);
    return {
      status: response.status,
      data,
      codes: errors.map(({ extensions }) => extensions?.code ?? 'none'),
      field: errors[0]?.extensions?.field,
    };
  };
}
