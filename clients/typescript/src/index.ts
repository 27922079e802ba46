// Typed calls of a Warmline timeline. `schema.ts` is generated from its OpenAPI document; this file is all that is not.
import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.ts";

export type Schemas = components["schemas"];
export type Warmline = Client<paths>;

export interface WarmlineOptions {
  /** Where the timeline answers, such as `https://api.example.com`. */
  baseUrl: string;
  /** The bearer token of a call: a user's JWT, or in your backend the API key. Asked before each call. */
  token: () => string | Promise<string>;
}

/** A timeline's problem (RFC 9457), thrown by `unwrap`; `type` is stable, `detail` says what to do. */
export class WarmlineProblem extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, problem: Partial<Schemas["ProblemDetails"]> | undefined) {
    super(problem?.detail ?? `status ${status}`);
    this.name = "WarmlineProblem";
    this.status = status;
    this.type = problem?.type ?? "unknown";
  }
}

/** A client with one method for each HTTP method; paths, parameters, bodies and answers are typed. */
export function createWarmline({ baseUrl, token }: WarmlineOptions): Warmline {
  const bearer: Middleware = {
    async onRequest({ request }) {
      request.headers.set("authorization", `Bearer ${await token()}`);
      return request;
    },
  };
  const client = createClient<paths>({ baseUrl });
  client.use(bearer);
  return client;
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; any other is thrown as a WarmlineProblem. */
export function unwrap<Data>(answer: Answer<Data>): Data {
  if (answer.response.ok) return answer.data as Data;
  throw new WarmlineProblem(answer.response.status, answer.error as Partial<Schemas["ProblemDetails"]>);
}
